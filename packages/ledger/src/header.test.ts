// Block headers: the golden bytes, the codec both ways, hostile bytes.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from './bytes.ts';
import { asHash } from './hash.ts';
import { decodeHeader, encodeHeader, genesisHeader, HEADER_BYTES, headerHash, isGenesis, laneOf } from './header.ts';
import { bytesOf, hashOf, readGolden } from './testing/golden.ts';

const { vectors, ledger } = readGolden();
/** Of genesis and of the first mined block; each block after it is one microsecond younger (shown by the golden headers). */
const GENESIS_AT_US = 1_717_979_300_000_000;

const hashes = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(asHash);
const counts = fc.maxSafeNat();
const headers = fc.record({
  index: counts,
  previousHash: hashes,
  timestampUs: counts,
  lane: fc.uint8Array({ minLength: 12, maxLength: 12 }),
  logRoot: hashes,
  logSize: counts,
  difficultyBits: fc.nat(0xffffffff),
  nonce: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
});

describe('the golden headers', () => {
  it('are what encodeHeader makes of their parts', () => {
    const firstSealedAtUs = Number(BigInt(`0x${vectors.blocks[1]?.header.slice(88, 104)}`));
    for (const [index, block] of vectors.blocks.entries()) {
      const header = encodeHeader({
        index,
        previousHash: hashOf(vectors.blocks[index - 1]?.hash ?? '00'.repeat(32)),
        timestampUs: index === 0 ? GENESIS_AT_US : firstSealedAtUs + index - 1,
        lane: bytesOf(vectors.ledger.lane),
        logRoot: hashOf(vectors.log_roots[block.log_size] ?? ''),
        logSize: block.log_size,
        difficultyBits: 4 * (block.difficulty ?? 0),
        nonce: BigInt(block.nonce ?? 0),
      });
      expect(toHex(header)).toBe(block.header);
    }
  });

  it('hash to the golden hashes', () => {
    for (const block of vectors.blocks) expect(toHex(headerHash(bytesOf(block.header)))).toBe(block.hash);
  });

  it('read back to the same bytes', () => {
    for (const block of vectors.blocks) {
      const header = decodeHeader(bytesOf(block.header));
      expect(header.ok && toHex(encodeHeader(header.value))).toBe(block.header);
    }
  });

  it('begin with a genesis block, and only the first is one', () => {
    const verdicts = vectors.blocks.map((block) => {
      const header = decodeHeader(bytesOf(block.header));
      return header.ok && isGenesis(header.value);
    });
    expect(verdicts).toEqual([true, false, false, false, false]);
    expect(toHex(encodeHeader(genesisHeader({ lane: laneOf(ledger.key.keyId), timestampUs: GENESIS_AT_US })))).toBe(
      vectors.blocks[0]?.header,
    );
  });

  it('carry the lane that follows from the ledger’s key', () => {
    expect(toHex(laneOf(ledger.key.keyId))).toBe(vectors.ledger.lane);
  });
});

describe('decodeHeader', () => {
  it('reads back what encodeHeader wrote', () => {
    fc.assert(
      fc.property(headers, (header) => {
        expect(decodeHeader(encodeHeader(header))).toEqual({ ok: true, value: header });
      }),
    );
  });

  it('gives a verdict on any bytes, and never accepts a second spelling', () => {
    const version1 = fc.uint8Array({ minLength: HEADER_BYTES, maxLength: HEADER_BYTES }).map((bytes) => {
      bytes.set([0, 0, 0, 1, 0], 0);
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 130 }), version1), (bytes) => {
        const header = decodeHeader(bytes);
        if (header.ok) expect(encodeHeader(header.value)).toEqual(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses other lengths, other versions and numbers past 2^53', () => {
    const good = bytesOf(vectors.blocks[1]?.header ?? '');
    expect(decodeHeader(good.subarray(1))).toMatchObject({ ok: false, code: 'header-length' });
    expect(decodeHeader(new Uint8Array(117))).toMatchObject({ ok: false, code: 'header-length' });
    expect(decodeHeader(new Uint8Array(116))).toMatchObject({ ok: false, code: 'header-version' });
    for (const offset of [4, 44, 96]) {
      // 2^53, the first number that a double cannot tell from its neighbour.
      const bytes = good.slice();
      bytes.set([0, 0x20, 0, 0, 0, 0, 0, 0], offset);
      expect(decodeHeader(bytes)).toMatchObject({ ok: false, code: 'header-number' });
    }
  });

  it('gives copies of the byte fields, also when it reads from a Buffer', () => {
    const source = Buffer.from(vectors.blocks[1]?.header ?? '', 'hex');
    const header = decodeHeader(source);
    if (!header.ok) throw new Error(header.message);
    const before = [header.value.previousHash, header.value.lane, header.value.logRoot].map(toHex);
    source.fill(0);
    expect([header.value.previousHash, header.value.lane, header.value.logRoot].map(toHex)).toEqual(before);
  });
});
