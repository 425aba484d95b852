// Bad signatures and bad keys, sent to a real receiver. Whatever else can be wrong with a request: receive-data-refusals.test.ts.

import { constants, createPublicKey, ECDH, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { publicKeyPem } from '@telltale/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustAccept } from '../testing/post-readings.ts';
import { among, type RefusingReceiver, startRefusingReceiver } from '../testing/refusals.ts';
import { envelopeText, makeDevice } from '../testing/test-device.ts';

const device = makeDevice();
const good = device.envelope('{"device":"good","distance":1}');

let refusing: RefusingReceiver;
beforeAll(async () => {
  refusing = await startRefusingReceiver(device);
});
afterAll(() => refusing.stop());

describe('a signature', () => {
  it.each(['AAA', 'AAB=', 'AA AA', 'AA-_', 'not base64!', ''])('is refused when its base64 is "%s"', async (text) => {
    const item = good.replace(/"signature":"[^"]*"/, `"signature":"${text}"`);
    await refusing.refuses(among(item), { position: 1, code: 'signature-malformed', message: /base64/ });
  });

  const dataText = '{"device":"good","distance":1}';
  it.each(['ed25519', 'ecdsa-p256', 'rsa-pss'] as const)(
    'of %s is refused when it is not over these bytes',
    async (algorithm) => {
      const signer = makeDevice(algorithm);
      const wrong = { position: 1, code: 'signature-wrong', message: /not this key’s/ };
      await refusing.refuses(among(signer.envelope(dataText).replace('"distance":1', '"distance":2')), wrong);
      // Another spelling of the same value is not what was signed.
      await refusing.refuses(among(signer.envelope(dataText).replace('"distance":1', '"distance": 1')), wrong);
      const flipped = Buffer.from(signer.sign(Buffer.from(dataText)));
      flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
      await refusing.refuses(among(envelopeText({ dataText, pem: signer.pem, signature: flipped })), wrong);
      const short = flipped.subarray(0, 10);
      await refusing.refuses(among(envelopeText({ dataText, pem: signer.pem, signature: short })), wrong);
      const others = makeDevice(algorithm === 'rsa-pss' ? 'ed25519' : algorithm);
      await refusing.refuses(
        among(envelopeText({ dataText, pem: others.pem, signature: signer.sign(Buffer.from(dataText)) })),
        wrong,
      );
    },
  );

  it('of RSA with PKCS #1 v1.5 is refused: the padding is PSS', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signature = sign('sha256', Buffer.from(dataText), { key: privateKey, padding: constants.RSA_PKCS1_PADDING });
    await refusing.refuses(among(envelopeText({ dataText, pem: pemOf(publicKey), signature })), {
      position: 1,
      code: 'signature-wrong',
    });
  });
});

describe('a key', () => {
  const dataText = '{"device":"k"}';
  const body = (pem: string, signature: Uint8Array = Buffer.alloc(64, 1)) =>
    among(envelopeText({ dataText, pem, signature }));
  const derBody = (spki: Uint8Array, signature?: Uint8Array) => body(publicKeyPem(spki), signature);

  const notPem: [string, string][] = [
    ['is empty', ''],
    ['is garbage', 'garbage'],
    ['lacks its END line', device.pem.split('-----END')[0] ?? ''],
    ['has a block that is not base64', '-----BEGIN PUBLIC KEY-----\n*\n-----END PUBLIC KEY-----\n'],
    ['has base64 without padding', device.pem.replace('=', '')],
  ];
  it.each(notPem)('is refused when its PEM %s', (_, pem) =>
    refusing.refuses(body(pem), { position: 1, code: 'key-not-pem' }),
  );

  it('is refused when its PEM is cut short inside', async () => {
    const spki = derOf(createPublicKey(device.pem));
    await refusing.refuses(derBody(spki.subarray(0, 40)), {
      position: 1,
      code: 'key-encoding',
      message: /44 bytes, not 40/,
    });
    await refusing.refuses(derBody(new Uint8Array(0)), { position: 1, code: 'key-unsupported' });
  });

  it('is refused when it is a private key', async () => {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await refusing.refuses(body(pem), { position: 1, code: 'key-unsupported', message: /"PRIVATE KEY"/ });
  });

  const unsupported: [string, () => { publicKey: KeyObject; privateKey: KeyObject }][] = [
    ['X25519', () => generateKeyPairSync('x25519')],
    ['Ed448', () => generateKeyPairSync('ed448')],
    ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' })],
    ['secp256k1', () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
    [
      'P-256 with its curve in numbers',
      () => generateKeyPairSync('ec', { namedCurve: 'prime256v1', paramEncoding: 'explicit' }),
    ],
    ['RSA of the RSASSA-PSS kind', () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 })],
  ];
  it.each(unsupported)('is refused when it is %s', async (_, generate) => {
    await refusing.refuses(body(pemOf(generate().publicKey)), {
      position: 1,
      code: 'key-unsupported',
      message: /neither/,
    });
  });

  it('is refused when it is DSA', async () => {
    // id-dsa (RFC 3279 section 2.3.2) with p, q, g and y of one byte each.
    const dsa = Buffer.from('301c301406072a8648ce380401300902011702010b020104030400020103', 'hex');
    await refusing.refuses(derBody(dsa), { position: 1, code: 'key-unsupported' });
  });

  it('is refused when it is RSA below 2048 bits, and taken from there on', async () => {
    for (const modulusLength of [1024, 2047]) {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
      const refusal = { position: 1, code: 'key-size', message: new RegExp(`not ${modulusLength}`) };
      await refusing.refuses(body(pemOf(publicKey), signPss(privateKey, dataText)), refusal);
    }
    await mustAccept(refusing.receiver.url, makeDevice('rsa-pss').envelope(dataText));
  });

  it('is refused when it is RSA with an exponent of 3', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });
    await refusing.refuses(body(pemOf(publicKey), signPss(privateKey, dataText)), {
      position: 1,
      code: 'key-encoding',
      message: /65537/,
    });
  });

  it('is refused when it is P-256 in its compressed form, or not on the curve', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const signature = sign('sha256', Buffer.from(dataText), privateKey);
    const spki = derOf(publicKey);
    const point = ECDH.convertKey(spki.subarray(26), 'prime256v1', undefined, undefined, 'compressed');
    const prefix = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex');
    const compressed = Buffer.concat([prefix, Buffer.from(point)]);
    expect(createPublicKey({ key: compressed, format: 'der', type: 'spki' }).equals(publicKey)).toBe(true);
    await refusing.refuses(derBody(compressed, signature), {
      position: 1,
      code: 'key-unsupported',
      message: /accepted encoding/,
    });
    const elsewhere = Buffer.from(spki);
    elsewhere[90] = (spki[90] ?? 0) ^ 1;
    await refusing.refuses(derBody(elsewhere, signature), {
      position: 1,
      code: 'key-encoding',
      message: /not a point/,
    });
  });

  it.each(['ed25519', 'ecdsa-p256', 'rsa-pss'] as const)('of %s is refused with bytes behind it', async (algorithm) => {
    const signer = makeDevice(algorithm);
    const spki = Buffer.concat([derOf(createPublicKey(signer.pem)), Buffer.from([0])]);
    await refusing.refuses(derBody(spki, signer.sign(Buffer.from(dataText))), { position: 1, code: 'key-encoding' });
  });

  it('is refused when it is an Ed25519 point of small order, or not in its canonical form', async () => {
    const prefix = Buffer.from('302a300506032b6570032100', 'hex');
    const small = [0, 1].map((y) => Buffer.concat([prefix, Buffer.from([y]), Buffer.alloc(31)]));
    for (const spki of small) {
      // Under the neutral point, this signature fits every message.
      const signature = Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]);
      await refusing.refuses(derBody(spki, signature), { position: 1, code: 'key-small-order' });
    }
    // y = p + 1, another way to write 1.
    const y = Buffer.concat([Buffer.from([0xee]), Buffer.alloc(30, 0xff), Buffer.from([0x7f])]);
    await refusing.refuses(derBody(Buffer.concat([prefix, y])), {
      position: 1,
      code: 'key-encoding',
      message: /canonical/,
    });
  });
});

function pemOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

function derOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function signPss(key: KeyObject, dataText: string): Uint8Array {
  return sign('sha256', Buffer.from(dataText), { key, padding: constants.RSA_PKCS1_PSS_PADDING });
}
