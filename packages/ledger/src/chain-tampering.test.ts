// The promise of the project: not one bit of a chain can change unseen. Every byte of the golden chain, one flip at a time.

import { describe, expect, it } from 'vitest';
import type { Block } from './block.ts';
import { faultOf } from './testing/chain-builder.ts';
import { goldenChain, readGolden } from './testing/golden.ts';

const { vectors, ledger } = readGolden();
const golden = { origin: vectors.origin, key: ledger.key };

describe('one flipped bit in any byte of the golden chain is found, and named at its block', () => {
  it.each(vectors.blocks.map((_, blockIndex) => [blockIndex]))('headers: block %i', async (blockIndex) => {
    await expectEveryFlipFound(blockIndex, (block) => [block.header]);
  });

  it.each(vectors.blocks.map((_, blockIndex) => [blockIndex]))('block signatures: block %i', async (blockIndex) => {
    const faults = await expectEveryFlipFound(blockIndex, (block) => [block.signature]);
    expect(new Set(faults.map((fault) => fault.code))).toEqual(new Set(['block-signature']));
  });

  it.each([[1], [2], [3], [4]])('leaves: block %i', async (blockIndex) => {
    const firstLeaf = vectors.blocks[blockIndex]?.first_leaf ?? 0;
    const endLeaf = vectors.blocks[blockIndex]?.log_size ?? 0;
    const faults = await expectEveryFlipFound(blockIndex, (block) => block.leaves);
    for (const { leafIndex, altered } of faults) {
      if (leafIndex === undefined) continue;
      // Never blamed on an earlier leaf, nor on one of another block.
      expect(leafIndex).toBeGreaterThanOrEqual(firstLeaf + altered);
      expect(leafIndex).toBeLessThan(endLeaf);
    }
  });
});

/** Flips the lowest bit of each byte of the chosen parts of a block, one at a time. Later blocks stay as they are. */
async function expectEveryFlipFound(blockIndex: number, partsOf: (block: Block) => readonly Uint8Array[]) {
  const blocks = goldenChain(vectors);
  const block = blocks[blockIndex];
  if (!block) throw new RangeError(`no golden block ${blockIndex}`);
  const faults: { code: string; leafIndex: number | undefined; altered: number }[] = [];
  for (const [altered, part] of partsOf(block).entries()) {
    for (let at = 0; at < part.length; at++) {
      const before = part[at] ?? 0;
      part[at] = before ^ 1;
      const fault = await faultOf(blocks, golden);
      part[at] = before;
      expect(fault?.blockIndex, `part ${altered}, byte ${at}: ${fault?.message}`).toBe(blockIndex);
      faults.push({ code: fault?.code ?? '', leafIndex: fault?.leafIndex, altered });
    }
  }
  expect(await faultOf(blocks, golden)).toBeUndefined();
  return faults;
}
