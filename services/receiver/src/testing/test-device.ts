// A device as tests have it: a key of its own, and envelopes around exact data texts. What it signs is independent of packages/ledger.

import { constants, createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export type DeviceAlgorithm = 'ed25519' | 'ecdsa-p256' | 'rsa-pss';

export interface TestDevice {
  readonly pem: string;
  /** SHA-256 of the SubjectPublicKeyInfo DER, in hexadecimal. */
  readonly keyIdHex: string;
  /** A signature over exactly these bytes; new randomness each time, but for Ed25519. */
  sign(message: Uint8Array): Uint8Array;
  /** The text of an envelope in which `dataText` stands as it is given, signed over its UTF-8 bytes. */
  envelope(dataText: string): string;
}

/** A device with a new key. RSA keys take about 0.1 s to make: share them where a test allows it. */
export function makeDevice(algorithm: DeviceAlgorithm = 'ed25519'): TestDevice {
  const { privateKey, publicKey } = generateKeys(algorithm);
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const signBytes = (message: Uint8Array) => signWith(algorithm, { privateKey, message });
  return {
    pem,
    keyIdHex: createHash('sha256').update(spki).digest('hex'),
    sign: signBytes,
    envelope: (dataText) => envelopeText({ dataText, pem, signature: signBytes(Buffer.from(dataText)) }),
  };
}

/** The text of an envelope of any parts, right or wrong. */
export function envelopeText(parts: { dataText: string; signature: Uint8Array; pem: string }): string {
  const signature = Buffer.from(parts.signature).toString('base64');
  return `{"data":${parts.dataText},"signature":"${signature}","public_key":${JSON.stringify(parts.pem)}}`;
}

function generateKeys(algorithm: DeviceAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (algorithm) {
    case 'ed25519':
      return generateKeyPairSync('ed25519');
    case 'ecdsa-p256':
      return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    case 'rsa-pss':
      // The key is an ordinary RSA key (rsaEncryption): PSS is how it is used, as liotbchain does.
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    default:
      return algorithm satisfies never;
  }
}

function signWith(algorithm: DeviceAlgorithm, of: { privateKey: KeyObject; message: Uint8Array }): Uint8Array {
  const { privateKey: key, message } = of;
  switch (algorithm) {
    case 'ed25519':
      return sign(null, message, key);
    case 'ecdsa-p256':
      return sign('sha256', message, { key, dsaEncoding: 'der' });
    case 'rsa-pss':
      return sign('sha256', message, {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      });
    default:
      return algorithm satisfies never;
  }
}
