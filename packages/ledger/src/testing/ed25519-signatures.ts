// Ed25519 signatures worked out by hand, where verifiers are known to differ: keys and Rs with a part of small order, Rs that have no other part
// or are not canonical, an S that is not reduced. S fits but for such parts. Source: RFC 8032 section 5.1.7; "Taming the many EdDSAs" (2020).

import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, toHex, utf8 } from '../bytes.ts';
import type { PublicKey } from '../keys.ts';
import { encodeY, torsionEncodings } from './ed25519-torsion.ts';
import { bytesOf } from './golden.ts';
import { publicKeyOf } from './signing-key.ts';

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;
const FIELD = Point.Fp.ORDER;
const SECRET = 0x1234567890abcdefn;
const NONCE = 0xfedcba0987654321n;

interface CraftedR {
  /** `mixed`: with a part of small order beside another. */
  readonly rKind: 'whole' | 'mixed' | 'of small order' | 'not canonical';
  readonly r: Uint8Array;
  /** What R is a multiple of the base point by, but for its part of small order. */
  readonly nonce: bigint;
}

interface CraftedSignature {
  readonly keyKind: 'whole' | 'mixed';
  readonly rKind: CraftedR['rKind'];
  readonly key: PublicKey;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * Every verdict on enough of the signatures below, sorted: with a whole key, a mixed R never verifies without the cofactor; with a mixed key it is a
 * matter of k. An R with no other part never does.
 */
export const VERDICTS_WITHOUT_COFACTOR = [
  'mixed key, mixed R: false',
  'mixed key, mixed R: true',
  'mixed key, not canonical R: false',
  'mixed key, of small order R: false',
  'mixed key, whole R: false',
  'mixed key, whole R: true',
  'whole key, mixed R: false',
  'whole key, not canonical R: false',
  'whole key, of small order R: false',
  'whole key, whole R: true',
];

/** Eight keys, each with 24 Rs and so many messages. */
export function* craftedSignatures(messages: number): Generator<CraftedSignature> {
  for (const [i, torsion] of torsionEncodings().entries()) {
    const key = Point.BASE.multiply(SECRET).add(Point.fromBytes(torsion)).toBytes();
    for (const { rKind, r, nonce } of craftedRs()) {
      for (let turn = 0; turn < messages; turn++) {
        const message = utf8(`${turn}`);
        const k = littleEndian(sha512(concat(r, key, message))) % ORDER;
        const s = (nonce + k * SECRET) % ORDER;
        const signature = concat(r, encodeY(s, false));
        yield { keyKind: i === 0 ? 'whole' : 'mixed', rKind, key: publicKeyOf(ed25519Spki(key)), message, signature };
      }
    }
  }
}

/** The same signature with S + `times` · L: not reduced, and the same number. `times`: 1 to 14, so that 32 bytes hold it. */
export function withUnreducedS(signature: Uint8Array, times: number): Uint8Array {
  const s = littleEndian(signature.subarray(32)) + BigInt(times) * ORDER;
  return concat(signature.subarray(0, 32), bytesOf(s.toString(16).padStart(64, '0')).reverse());
}

/** The SubjectPublicKeyInfo DER of any 32 bytes as an Ed25519 key (RFC 8410). */
export function ed25519Spki(key: Uint8Array): Uint8Array {
  return concat(bytesOf('302a300506032b6570032100'), key);
}

function craftedRs(): CraftedR[] {
  const base = Point.BASE.multiply(NONCE);
  const torsion = torsionEncodings();
  const mixed = torsion.map((encoding) => base.add(Point.fromBytes(encoding)).toBytes());
  // Where x is 0, it has no sign: y = 1 and y = −1. From y = p on, y is not reduced: 0 and 1 again, and the highest that 255 bits hold.
  const signed = [1n, FIELD - 1n].map((y) => encodeY(y, true));
  const tooLarge = [FIELD, FIELD + 1n, 2n ** 255n - 1n].flatMap((y) => [encodeY(y, false), encodeY(y, true)]);
  return [
    ...mixed.map((r, i): CraftedR => ({ rKind: i === 0 ? 'whole' : 'mixed', r, nonce: NONCE })),
    ...torsion.map((r): CraftedR => ({ rKind: 'of small order', r, nonce: 0n })),
    ...[...signed, ...tooLarge].map((r): CraftedR => ({ rKind: 'not canonical', r, nonce: 0n })),
  ];
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.toReversed())}`);
}
