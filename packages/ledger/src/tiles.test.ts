// The right edge of the log: the same root and nodes as the whole tree, from any size on; and another project's tiles.

import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from './bytes.ts';
import { type Hash, sha256 } from './hash.ts';
import { leafHash } from './leaf.ts';
import { MerkleTree } from './merkle.ts';
import { readForeign } from './testing/foreign.ts';
import { edgeRange, levelSize, splitHashes, TILE_WIDTH, TileEdge } from './tiles.ts';

/** Past the first tile of level 2's first hash (256² = 65,536), so that three levels have an edge. */
const LOG_SIZE = 66_000;
const leaves = Array.from({ length: LOG_SIZE }, (_, i) => sha256(utf8(String(i))));
const tree = new MerkleTree(leaves);

describe('TileEdge', () => {
  it('has the root of the tree at every size to 600 and around every full tile after it', () => {
    const edge = TileEdge.empty();
    for (let size = 0; size <= LOG_SIZE; size++) {
      if (size <= 600 || Math.abs(((size + 128) % 256) - 128) <= 1) {
        if (toHex(edge.root()) !== toHex(tree.root(size))) expect.fail(`size ${size}`);
        expect(edge.size).toBe(size);
      }
      const leaf = leaves[size];
      if (leaf) edge.append(leaf);
    }
  });

  it('fills each tile of each level once, in order, with the nodes of the tree', () => {
    const edge = TileEdge.empty();
    const filled = [0, 0, 0];
    for (const [i, leaf] of leaves.entries()) {
      for (const tile of edge.append(leaf)) {
        expect(tile.index).toBe(filled[tile.level]);
        filled[tile.level] = tile.index + 1;
        expect(levelSize(tile.level, i + 1)).toBe((tile.index + 1) * TILE_WIDTH);
        const nodes = nodesOf(tile.level, { start: tile.index * TILE_WIDTH, end: (tile.index + 1) * TILE_WIDTH });
        expect(splitHashes(tile.hashes).map(toHex)).toEqual(nodes.map(toHex));
        expect(toHex(tile.root)).toBe(toHex(tree.node({ level: 8 * (tile.level + 1), index: tile.index })));
      }
    }
    expect(filled).toEqual([257, 1, 0]);
  });

  it('gives the tiles of several levels lowest first', () => {
    const edge = edgeAt(65_535);
    const tiles = edge.append(leafAt(65_535));
    expect(tiles.map(({ level, index }) => [level, index])).toEqual([
      [0, 255],
      [1, 0],
    ]);
  });

  it.each([0, 1, 2, 255, 256, 257, 511, 512, 513, 1000, 65_279, 65_535, 65_536, 65_537, 65_793])(
    'continues from the stored edges of %i leaves as if it had never stopped',
    (size) => {
      const edge = edgeAt(size);
      expect(edge.size).toBe(size);
      expect(toHex(edge.root())).toBe(toHex(tree.root(size)));
      const end = Math.min(size + 300, LOG_SIZE);
      for (let i = size; i < end; i++) {
        for (const tile of edge.append(leafAt(i))) {
          const nodes = nodesOf(tile.level, { start: tile.index * TILE_WIDTH, end: (tile.index + 1) * TILE_WIDTH });
          expect(splitHashes(tile.hashes).map(toHex)).toEqual(nodes.map(toHex));
        }
        expect(toHex(edge.root())).toBe(toHex(tree.root(i + 1)));
      }
    },
  );

  it('is refused when the hashes of a level are too few, too many, or of a level that has none', () => {
    const [first, second] = [leafAt(0), leafAt(1)];
    expect(TileEdge.of(2, [[first, second]]).size).toBe(2);
    expect(TileEdge.of(2, [[first, second], [], []]).size).toBe(2);
    for (const edges of [
      [],
      [[first]],
      [[first, second, second]],
      [[first, second], [first]],
      [[first, second], [], [first]],
    ]) {
      expect(() => TileEdge.of(2, edges)).toThrow(RangeError);
    }
    expect(() => TileEdge.of(256, [[], []])).toThrow(RangeError);
    expect(() => TileEdge.of(256, [[]])).toThrow(RangeError);
    expect(() => TileEdge.of(0, [[first]])).toThrow(RangeError);
  });

  it('is not changed by appending to its copy, nor by the arrays that it was made from', () => {
    const row = nodesOf(0, { start: 0, end: 255 });
    const edge = TileEdge.of(255, [row]);
    row.length = 0;
    const copy = edge.copy();
    expect(copy.append(leafAt(255))).toHaveLength(1);
    expect([edge.size, copy.size]).toEqual([255, 256]);
    expect(toHex(edge.root())).toBe(toHex(tree.root(255)));
    expect(edge.append(leafAt(255))).toHaveLength(1);
    expect(toHex(edge.root())).toBe(toHex(tree.root(256)));
  });
});

describe('edgeRange and levelSize', () => {
  it('name the nodes that no full tile holds', () => {
    expect([0, 1, 2].map((level) => levelSize(level, 70_000))).toEqual([70_000, 273, 1]);
    expect(edgeRange(0, 70_000)).toEqual({ start: 69_888, end: 70_000 });
    expect(edgeRange(1, 70_000)).toEqual({ start: 256, end: 273 });
    expect(edgeRange(2, 70_000)).toEqual({ start: 0, end: 1 });
    expect(edgeRange(0, 256)).toEqual({ start: 256, end: 256 });
  });
});

describe('the log of transparency-dev/tessera', () => {
  it('has entries that hash to the hashes of its tiles, at every size', () => {
    for (let size = 1; size <= 15; size++) {
      const tile = readForeign(`tessera-log/tile/0/000.p/${size}`);
      expect(splitHashes(tile).map(toHex)).toEqual(entriesOf(size).map((entry) => toHex(leafHash(entry))));
    }
  });

  it('has the roots that TileEdge gives', () => {
    const edge = TileEdge.empty();
    for (const entry of entriesOf(15)) {
      edge.append(leafHash(entry));
      const [, , root] = readForeign(`tessera-log/checkpoint.${edge.size}`).toString().split('\n');
      expect(Buffer.from(edge.root()).toString('base64')).toBe(root);
    }
    expect(edge.size).toBe(15);
  });
});

describe('splitHashes', () => {
  it('throws for bytes that are not whole hashes', () => {
    expect(splitHashes(new Uint8Array(0))).toEqual([]);
    expect(() => splitHashes(new Uint8Array(33))).toThrow(RangeError);
  });
});

function nodesOf(tileLevel: number, range: { start: number; end: number }): Hash[] {
  return Array.from({ length: range.end - range.start }, (_, i) =>
    tree.node({ level: 8 * tileLevel, index: range.start + i }),
  );
}

function edgeAt(size: number): TileEdge {
  return TileEdge.of(
    size,
    [0, 1, 2].map((level) => nodesOf(level, edgeRange(level, size))),
  );
}

function leafAt(index: number): Hash {
  return tree.node({ level: 0, index });
}

/** C2SP tlog-tiles: each entry after its length in two bytes, big-endian. */
function entriesOf(size: number): Uint8Array[] {
  const bundle = readForeign(`tessera-log/tile/entries/000.p/${size}`);
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bundle.length; ) {
    const end = at + 2 + bundle.readUInt16BE(at);
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return entries;
}
