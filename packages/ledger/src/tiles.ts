// Tiles: the nodes of the log in rows of 256, each level eight tree levels above the one below. Source: C2SP tlog-tiles.
// Full tiles never change. The unfinished right end of each level is not a tile yet: it is the edge that the next leaves extend.

import { asHash, HASH_BYTES, type Hash } from './hash.ts';
import { Frontier, MerkleTree, subtreesOf } from './merkle.ts';

/** Hashes in a full tile, and the factor between two levels (C2SP tlog-tiles, tile height 8). */
export const TILE_WIDTH = 256;

/** What most leaves fill. */
const NO_TILES: readonly Tile[] = [];

/** A full tile: 256 hashes of every eighth level of the tree. Source: C2SP tlog-tiles. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  /** 256 × 32 bytes. */
  readonly hashes: Uint8Array;
  /** The node that this tile is in the level above. */
  readonly root: Hash;
}

/**
 * The right edge of the log, level by level: fewer than 256 hashes each. It makes full tiles as leaves come, and the log's root.
 * Owned by its holder; `copy` before appending what may be thrown away.
 */
export class TileEdge {
  private readonly tiling: Tiling;
  private readonly frontier: Frontier;

  private constructor(tiling: Tiling, frontier: Frontier) {
    this.tiling = tiling;
    this.frontier = frontier;
  }

  static empty(): TileEdge {
    return new TileEdge(new Tiling(), new Frontier());
  }

  /** The edge of a log of `size` leaves, from the hashes of each level (`edgeRange`). Throws when their numbers do not fit. */
  static of(size: number, edges: readonly (readonly Hash[])[]): TileEdge {
    const rows = edges.map((edge) => [...edge]);
    for (let level = 0; level < Math.max(1, rows.length) || levelSize(level, size) > 0; level++) {
      const { start, end } = edgeRange(level, size);
      if ((rows[level] ?? []).length !== end - start)
        throw new RangeError(`the edge of level ${level} does not fit ${size} leaves`);
    }
    const trees = rows.map((row) => new MerkleTree(row));
    const peaks = subtreesOf(0, size).map(({ level, index }) => {
      const tileLevel = Math.floor(level / 8);
      const width = 2 ** (level % 8);
      const first = edgeRange(tileLevel, size).start;
      const tree = trees[tileLevel];
      if (!tree) throw new RangeError(`the edge of level ${tileLevel} is missing`);
      return tree.node({ level: level % 8, index: index - first / width });
    });
    return new TileEdge(new Tiling(size, rows), new Frontier(size, peaks));
  }

  get size(): number {
    return this.frontier.size;
  }

  root(): Hash {
    return this.frontier.root();
  }

  /** Appends a leaf hash and gives the tiles that it filled, lowest level first. */
  append(leaf: Hash): readonly Tile[] {
    this.frontier.append(leaf);
    return this.tiling.append(leaf);
  }

  copy(): TileEdge {
    return new TileEdge(this.tiling.copy(), this.frontier.copy());
  }
}

/** Makes the full tiles of a log as its leaves come, and nothing else: for whoever has the log's root from elsewhere. Owned by its holder. */
export class Tiling {
  private leaves: number;
  private readonly edges: Hash[][];

  /** `edges`: the hashes of each level behind its last full tile, in a log of `size` leaves. They become its own. */
  constructor(size = 0, edges: Hash[][] = []) {
    this.leaves = size;
    this.edges = edges;
  }

  get size(): number {
    return this.leaves;
  }

  /** Appends a leaf hash and gives the tiles that it filled, lowest level first. */
  append(leaf: Hash): readonly Tile[] {
    this.leaves++;
    let filled: Tile[] | undefined;
    let hash = leaf;
    for (let level = 0; ; level++) {
      const edge = this.edges[level] ?? [];
      this.edges[level] = edge;
      edge.push(hash);
      if (edge.length < TILE_WIDTH) return filled ?? NO_TILES;
      hash = new MerkleTree(edge).root();
      const index = levelSize(level, this.size) / TILE_WIDTH - 1;
      filled ??= [];
      filled.push({ level, index, hashes: joinHashes(edge), root: hash });
      edge.length = 0;
    }
  }

  copy(): Tiling {
    return new Tiling(
      this.leaves,
      this.edges.map((edge) => [...edge]),
    );
  }
}

/** Number of whole nodes at a tile level in a log of `size` leaves. */
export function levelSize(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/** The nodes [start, end) of a level that no full tile holds in a log of `size` leaves. */
export function edgeRange(level: number, size: number): { start: number; end: number } {
  const end = levelSize(level, size);
  return { start: end - (end % TILE_WIDTH), end };
}

/** The hashes of a tile, in order. Throws when the bytes are not whole hashes. */
export function splitHashes(bytes: Uint8Array): Hash[] {
  if (bytes.length % HASH_BYTES !== 0) throw new RangeError('a tile holds whole hashes');
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, i) =>
    asHash(bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES)),
  );
}

function joinHashes(hashes: readonly Hash[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES);
  for (const [i, hash] of hashes.entries()) bytes.set(hash, i * HASH_BYTES);
  return bytes;
}
