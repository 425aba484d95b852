// Leaves: the golden bytes from their parts, the codec both ways, hostile bytes, transaction ids.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from './bytes.ts';
import { asKeyId } from './keys.ts';
import {
  decodeLeaf,
  encodeLeaf,
  LEAF_FIXED_BYTES,
  type Leaf,
  leafHash,
  MAX_LEAF_BYTES,
  maxMessageBytes,
  readingTransactionId,
  transactionIdOf,
} from './leaf.ts';
import { bytesOf, goldenSigner, hashOf, readGolden } from './testing/golden.ts';

const golden = readGolden();
const { vectors, device, rotatedTo } = golden;

const leaves: fc.Arbitrary<Leaf> = fc
  .record({
    kind: fc.constantFrom(1, 2, 3),
    algorithm: fc.constantFrom(1, 2, 3),
    receivedAtUs: fc.maxSafeNat(),
    keyId: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(asKeyId),
    signature: fc.uint8Array({ minLength: 1, maxLength: 600 }),
    message: fc.uint8Array({ maxLength: 600 }),
    isUnsigned: fc.boolean(),
  })
  .map(({ isUnsigned, ...leaf }): Leaf => {
    return isUnsigned ? { ...leaf, kind: 2, algorithm: 0, signature: new Uint8Array(0) } : leaf;
  });

const signed: Leaf = {
  kind: 1,
  algorithm: 1,
  receivedAtUs: 5,
  keyId: device.key.keyId,
  signature: new Uint8Array(64),
  message: utf8('{}'),
};

describe('the golden leaves', () => {
  it('are what encodeLeaf makes of their parts, the signatures made again', () => {
    for (const leaf of vectors.leaves) {
      const { algorithm, signer } = goldenSigner(golden, leaf);
      const { keyId } = leaf.index === 10 ? rotatedTo.key : device.key;
      const message = utf8(leaf.message);
      const signature = signer?.sign(leaf.signed_text === undefined ? message : utf8(leaf.signed_text));
      if (leaf.signature !== undefined) expect(signature && toHex(signature)).toBe(leaf.signature);
      const { kind, received_at: receivedAtUs } = leaf;
      const made = encodeLeaf({
        kind,
        algorithm,
        receivedAtUs,
        keyId,
        signature: signature ?? new Uint8Array(0),
        message,
      });
      expect(toHex(made), `leaf ${leaf.index}`).toBe(leaf.leaf);
    }
  });

  it('carry signatures that their signers’ keys verify', async () => {
    for (const vector of vectors.leaves) {
      const { signer } = goldenSigner(golden, vector);
      const leaf = decodeLeaf(bytesOf(vector.leaf));
      if (!leaf.ok) throw new Error(leaf.message);
      const text = utf8(vector.signed_text ?? vector.message);
      if (signer) expect(await signer.verify(text, leaf.value.signature)).toBe(true);
      else expect(leaf.value.signature).toHaveLength(0);
    }
  });

  it('have the golden hashes and transaction ids', () => {
    for (const { leaf: hex, leaf_hash, transaction_id } of vectors.leaves) {
      const leaf = decodeLeaf(bytesOf(hex));
      if (!leaf.ok) throw new Error(leaf.message);
      expect(toHex(leafHash(bytesOf(hex)))).toBe(leaf_hash);
      expect(toHex(transactionIdOf(leaf.value, hashOf(leaf_hash)))).toBe(transaction_id);
    }
  });
});

describe('decodeLeaf', () => {
  it('reads back what encodeLeaf wrote', () => {
    fc.assert(
      fc.property(leaves, (leaf) => {
        expect(decodeLeaf(encodeLeaf(leaf))).toEqual({ ok: true, value: leaf });
      }),
    );
  });

  it('gives a verdict on any bytes, and never accepts a second spelling', () => {
    const almost = fc
      .tuple(fc.uint8Array({ minLength: 40, maxLength: 200 }), fc.nat(4), fc.nat(4), fc.nat(200))
      .map(([bytes, kind, algorithm, signatureBytes]) => {
        bytes.set([kind, algorithm, 0], 0);
        bytes.set([0, signatureBytes].slice(0, Math.max(0, bytes.length - 42)), Math.min(42, bytes.length));
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), almost), (bytes) => {
        const leaf = decodeLeaf(bytes);
        if (leaf.ok) expect(encodeLeaf(leaf.value)).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('accepts the longest leaf and refuses one byte more or less than the bounds', () => {
    const longest = encodeLeaf({ ...signed, message: new Uint8Array(maxMessageBytes(64)) });
    expect(longest).toHaveLength(MAX_LEAF_BYTES);
    expect(decodeLeaf(longest).ok).toBe(true);
    expect(() => encodeLeaf({ ...signed, message: new Uint8Array(maxMessageBytes(64) + 1) })).toThrow(RangeError);
    expect(decodeLeaf(new Uint8Array(MAX_LEAF_BYTES + 1))).toMatchObject({ ok: false, code: 'leaf-length' });
    expect(decodeLeaf(new Uint8Array(LEAF_FIXED_BYTES - 1))).toMatchObject({ ok: false, code: 'leaf-length' });
  });

  it('refuses a signature that reaches past the end', () => {
    const bytes = encodeLeaf({ ...signed, message: new Uint8Array(0) });
    expect(decodeLeaf(bytes).ok).toBe(true);
    bytes[43] = 65;
    expect(decodeLeaf(bytes)).toMatchObject({ ok: false, code: 'leaf-length' });
  });

  it.each([
    ['kind 0', 0, 0, 'leaf-kind'],
    ['kind 4', 0, 4, 'leaf-kind'],
    ['algorithm 4', 1, 4, 'leaf-algorithm'],
    ['algorithm 0 beside a signature', 1, 0, 'leaf-algorithm'],
    ['a time past 2^53', 3, 0x20, 'leaf-time'],
  ])('refuses %s', (_what, offset, byte, code) => {
    const bytes = encodeLeaf(signed);
    bytes[offset] = byte;
    expect(decodeLeaf(bytes)).toMatchObject({ ok: false, code });
  });

  it('refuses a leaf without a signature, unless it enrols a key', () => {
    for (const [kind, isAccepted] of [
      [1, false],
      [2, true],
      [3, false],
    ] as const) {
      const bytes = encodeLeaf({ ...signed, kind, algorithm: 0, signature: new Uint8Array(0) });
      expect(decodeLeaf(bytes).ok, `kind ${kind}`).toBe(isAccepted);
      bytes[1] = 1;
      expect(decodeLeaf(bytes), `kind ${kind}`).toMatchObject({ ok: false, code: 'leaf-algorithm' });
    }
  });
});

describe('encodeLeaf', () => {
  it('throws for a time that is not a safe, positive integer', () => {
    for (const receivedAtUs of [-1, 0.5, 2 ** 53, Number.NaN]) {
      expect(() => encodeLeaf({ ...signed, receivedAtUs })).toThrow(RangeError);
    }
  });
});

describe('the transaction id of a reading', () => {
  it('is the same whatever the signature and the time', () => {
    const again = { ...signed, receivedAtUs: 6, signature: new Uint8Array(70) };
    expect(toHex(readingTransactionId(again))).toBe(toHex(readingTransactionId(signed)));
  });

  it('differs with the key and with the message', () => {
    const ids = [signed, { ...signed, keyId: rotatedTo.key.keyId }, { ...signed, message: utf8('{ }') }].map((leaf) =>
      toHex(readingTransactionId(leaf)),
    );
    expect(new Set(ids).size).toBe(3);
  });
});
