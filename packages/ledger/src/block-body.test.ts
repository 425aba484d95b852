// Block bodies: the layout, one body judged alone, every bit of it, hostile bytes.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BlockBody,
  checkBlockBody,
  decodeBlockBody,
  encodeBlockBody,
  MAX_BLOCK_BODY_BYTES,
} from './block-body.ts';
import { concat, fromHex, toHex } from './bytes.ts';
import { asHash, type Hash } from './hash.ts';
import { leafHash } from './leaf.ts';
import { MerkleTree, subtreesOf } from './merkle.ts';
import { ChainBuilder, readingLeaf } from './testing/chain-builder.ts';
import { testKey } from './testing/signing-key.ts';

const STARTED_AT_US = 1_700_000_000_000_000;
const device = testKey(2);
const key = testKey(1);
const origin = 'example.org/bodies';
const ledger = { origin, keyId: key.key.keyId, verify: key.verify };

/** The bodies of a chain whose blocks have these numbers of leaves, genesis first. */
function bodiesOf(counts: readonly number[], difficultyBits = 4): Uint8Array[] {
  const chain = new ChainBuilder({ origin, key, genesisAtUs: STARTED_AT_US });
  let at = 0;
  for (const [index, count] of counts.entries()) {
    const leaves = Array.from({ length: count }, () => {
      at++;
      return readingLeaf({ by: device, message: `{"seq":${at}}`, receivedAtUs: STARTED_AT_US + at });
    });
    chain.seal({ leaves, timestampUs: STARTED_AT_US + 1_000 * (index + 1), difficultyBits });
  }
  const tree = new MerkleTree();
  return chain.blocks.map((block) => {
    const previousLogSize = tree.size;
    const peaks = subtreesOf(0, previousLogSize).map(tree.node);
    for (const leaf of block.leaves) tree.append(leafHash(leaf));
    return encodeBlockBody({ ...block, previousLogSize, peaks });
  });
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const onesOf = (value: number) => value.toString(2).replaceAll('0', '').length;
const bodies: fc.Arbitrary<BlockBody> = fc.maxSafeNat().chain((previousLogSize) =>
  fc.record({
    header: bytes(116),
    signature: bytes(64),
    previousLogSize: fc.constant(previousLogSize),
    peaks: fc.array(
      bytes(32).map((hash): Hash => asHash(hash)),
      {
        minLength: onesOf(previousLogSize),
        maxLength: onesOf(previousLogSize),
      },
    ),
    leaves: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }),
  }),
);

describe('a body alone', () => {
  it('is accepted for every block of a chain, whatever the sizes', async () => {
    for (const body of bodiesOf([1, 2, 3, 1, 7, 1, 17])) {
      expect(await checkBlockBody(body, ledger)).toMatchObject({ ok: true });
    }
  });

  it('gives header, hash, previous log size and leaves', async () => {
    const checked = await checkBlockBody(bodiesOf([3, 2])[2] ?? new Uint8Array(), ledger);
    expect(checked).toMatchObject({ ok: true, value: { previousLogSize: 3, decodedHeader: { index: 2, logSize: 5 } } });
    expect(checked.ok && checked.value.leaves.length).toBe(2);
  });

  it('is refused after any one bit of it has changed', async () => {
    const body = bodiesOf([3, 2], 8)[2] ?? new Uint8Array();
    for (let bit = 0; bit < body.length * 8; bit++) {
      const altered = body.slice();
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect((await checkBlockBody(altered, ledger)).ok).toBe(false);
    }
  });

  it('is refused when it is cut anywhere, or has a byte more', async () => {
    const body = bodiesOf([3, 2])[2] ?? new Uint8Array();
    for (let end = 0; end < body.length; end++) {
      expect((await checkBlockBody(body.subarray(0, end), ledger)).ok).toBe(false);
    }
    expect(await checkBlockBody(concat(body, new Uint8Array(1)), ledger)).toMatchObject({ code: 'body-length' });
  });

  it('is refused for another ledger’s origin or key', async () => {
    const body = bodiesOf([1])[1] ?? new Uint8Array();
    expect(await checkBlockBody(body, { ...ledger, origin: 'other.org' })).toMatchObject({ code: 'block-signature' });
    const other = { origin, keyId: device.key.keyId, verify: device.verify };
    expect(await checkBlockBody(body, other)).toMatchObject({ code: 'lane' });
  });

  it('is refused with a leaf less, a leaf more, or the compact range of another log', async () => {
    const decoded = decodeBlockBody(bodiesOf([3, 2])[2] ?? new Uint8Array());
    if (!decoded.ok) throw new Error(decoded.message);
    const { leaves, peaks } = decoded.value;
    const spare = leaves[0] ?? new Uint8Array();
    const codeOf = async (change: Partial<BlockBody>) => {
      const result = await checkBlockBody(encodeBlockBody({ ...decoded.value, ...change }), ledger);
      return result.ok ? 'accepted' : result.code;
    };
    expect(await codeOf({ leaves: leaves.slice(1) })).toBe('log-size');
    expect(await codeOf({ leaves: [...leaves, spare] })).toBe('log-size');
    expect(await codeOf({ leaves: [] })).toBe('block-empty');
    expect(await codeOf({ peaks: peaks.toReversed() })).toBe('log-root');
    expect(await codeOf({ leaves: leaves.toReversed() })).toBe('received-at');
  });
});

describe('encodeBlockBody and decodeBlockBody', () => {
  it('keep the layout: header, signature, size, peaks, and leaves behind their lengths', () => {
    const body = encodeBlockBody({
      header: new Uint8Array(116).fill(0xaa),
      signature: new Uint8Array(64).fill(0xbb),
      previousLogSize: 5,
      peaks: [asHash(new Uint8Array(32).fill(0xc1)), asHash(new Uint8Array(32).fill(0xc2))],
      leaves: [Uint8Array.of(1, 2, 3), new Uint8Array(0)],
    });
    const expected = `${'aa'.repeat(116)}${'bb'.repeat(64)}0000000000000005${'c1'.repeat(32)}${'c2'.repeat(32)}00030102030000`;
    expect(toHex(body)).toBe(expected);
  });

  it('give back what went in', () => {
    fc.assert(
      fc.property(bodies, (body) => {
        expect(decodeBlockBody(encodeBlockBody(body))).toEqual({ ok: true, value: body });
      }),
    );
  });

  it('give a verdict on any bytes, and never accept a second spelling', () => {
    const hostile = fc
      .tuple(bytes(180), fc.oneof(fc.nat(9), fc.maxSafeNat()), fc.uint8Array({ maxLength: 200 }))
      .map(([start, size, rest]) =>
        concat(start, fromHex(size.toString(16).padStart(16, '0')) ?? new Uint8Array(), rest),
      );
    fc.assert(
      fc.property(fc.oneof(hostile, fc.uint8Array({ maxLength: 400 })), (input) => {
        const body = decodeBlockBody(input);
        if (body.ok) expect(encodeBlockBody(body.value)).toEqual(input);
      }),
      { numRuns: 1000 },
    );
  });

  it('refuse a previous log size past 2^53, and more than 64 MiB', () => {
    const past = new Uint8Array(116 + 64 + 8);
    past.set([0, 0x20], 180);
    expect(decodeBlockBody(past)).toMatchObject({ ok: false, code: 'body-number' });
    expect(decodeBlockBody(new Uint8Array(MAX_BLOCK_BODY_BYTES + 1))).toMatchObject({ ok: false, code: 'body-length' });
    const leaves = Array.from({ length: 1025 }, () => new Uint8Array(65_535));
    const header = new Uint8Array(116);
    const signature = new Uint8Array(64);
    expect(() => encodeBlockBody({ header, signature, previousLogSize: 0, peaks: [], leaves })).toThrow(RangeError);
  });
});
