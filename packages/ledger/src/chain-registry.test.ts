// Whole chains, mined and signed as they should be, with one leaf that the registry does not allow.

import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from './bytes.ts';
import { encodeEnrolment } from './registry-message.ts';
import { ChainBuilder, faultOf, readingLeaf } from './testing/chain-builder.ts';
import { enrolmentLeaf, firstUseLeaf, revocationLeaf } from './testing/registry-leaves.ts';
import { testKey } from './testing/signing-key.ts';

const origin = 'telltale.test/log';
const ledger = testKey(1);
const a = testKey(2);
const b = testKey(3);
const receivedAtUs = 1_000_001;
const at = { origin, receivedAtUs };
const sealed = { timestampUs: 1_000_002, difficultyBits: 4 };

const firstUse = (devices: string[], message?: Uint8Array) =>
  firstUseLeaf({ key: a.key, devices, receivedAtUs, ...(message && { message }) });
const readingOf = (by: typeof a, device: string) =>
  readingLeaf({ by, message: JSON.stringify({ device }), receivedAtUs });
const firstUseText = fromUtf8(encodeEnrolment({ authority: 'first-use', key: a.key, devices: ['x'] })) ?? '';
const enrolled = firstUse(['x']);
const good = readingOf(a, 'x');

describe('a mined and signed chain with a leaf that the registry does not allow', () => {
  it.each([
    ['a reading before its enrolment', [good, enrolled], 0, 'key-unknown'],
    ['a reading of a device not enrolled', [enrolled, readingOf(a, 'y')], 1, 'device-not-enrolled'],
    ['a reading of a key not enrolled', [enrolled, readingOf(b, 'x')], 1, 'key-unknown'],
    [
      'a reading after the revocation of its key',
      [
        enrolled,
        good,
        revocationLeaf({ authority: 'admin', by: ledger, keyId: a.key.keyId, ...at }),
        readingOf(a, 'x'),
      ],
      3,
      'key-revoked',
    ],
    ['a reading that another key signed', [enrolled, readingOf({ ...a, sign: b.sign }, 'x')], 1, 'signature'],
    [
      'a rotation for a device that the old key has not',
      [enrolled, enrolmentLeaf({ authority: 'rotation', by: a, subject: b, devices: ['y'], ...at })],
      1,
      'authority-wrong',
    ],
    [
      'a revocation by a stranger',
      [enrolled, revocationLeaf({ authority: 'self', by: b, keyId: a.key.keyId, ...at })],
      1,
      'authority-wrong',
    ],
    [
      'a revocation that a stranger signed in the ledger’s name',
      [enrolled, revocationLeaf({ authority: 'admin', by: { ...ledger, sign: b.sign }, keyId: a.key.keyId, ...at })],
      1,
      'signature',
    ],
    [
      'an enrolment without the right proof of possession',
      [enrolmentLeaf({ authority: 'admin', by: ledger, subject: a, devices: ['x'], possessor: b, ...at }), good],
      0,
      'signature',
    ],
    [
      'an enrolment signed for another ledger',
      [
        enrolmentLeaf({
          authority: 'token',
          by: ledger,
          subject: a,
          devices: ['x'],
          receivedAtUs,
          origin: 'elsewhere',
        }),
      ],
      0,
      'signature',
    ],
    [
      'a first use with further members',
      [firstUse(['x'], utf8(firstUseText.replace('"devices"', '"by":"","devices"'))), good],
      0,
      'registry-message',
    ],
    [
      'registry JSON that is not canonical',
      [firstUse(['x'], utf8(firstUseText.replace('"devices":', '"devices": '))), good],
      0,
      'registry-message',
    ],
  ] as const)('is refused: %s', async (_what, leaves, leafIndex, code) => {
    const builder = new ChainBuilder({ origin, key: ledger, genesisAtUs: 1_000_000 });
    const { blocks } = builder.seal({ leaves, ...sealed });
    expect(await faultOf(blocks, { origin, key: ledger.key })).toMatchObject({ code, blockIndex: 1, leafIndex });
  });

  it('verifies when every leaf is allowed', async () => {
    const builder = new ChainBuilder({ origin, key: ledger, genesisAtUs: 1_000_000 });
    const rotation = enrolmentLeaf({ authority: 'rotation', by: a, subject: b, devices: ['x'], ...at });
    const retirement = revocationLeaf({ authority: 'rotation', by: b, keyId: a.key.keyId, ...at });
    const { blocks } = builder.seal({
      leaves: [enrolled, good, rotation, readingOf(a, 'x'), retirement, readingOf(b, 'x')],
      ...sealed,
    });
    expect(await faultOf(blocks, { origin, key: ledger.key })).toBeUndefined();
  });
});
