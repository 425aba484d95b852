// Nodes of the stored log's Merkle tree, for proofs. Only what tiles hold is stored: every eighth level, in rows of 256 (C2SP tlog-tiles).
// The levels between are hashed again, from the row that a node stands on.

import { levelSize, MerkleTree, type NodePosition, type ReadNode, TILE_WIDTH } from '@telltale/ledger';
import type { Pool } from 'pg';
import { readTileSpans, type TileSpan } from '../store/node-store.ts';

/** Tree levels from one tile level to the next: 2^8 = 256. */
const TILE_HEIGHT = 8;

/** A reader of these nodes of the log at `size` leaves. One query, however many they are. Throws where a node is not of that log. */
export async function loadNodes(client: Pool, at: { size: number; nodes: readonly NodePosition[] }): Promise<ReadNode> {
  const spans = new Map<string, TileSpan>();
  for (const position of at.nodes) {
    const span = spanOf(position, at.size);
    spans.set(nameOf(span), span);
  }
  const hashes = await readTileSpans(client, [...spans.values()]);
  const trees = new Map([...spans.keys()].map((name, i) => [name, new MerkleTree(hashes[i])]));
  return (position) => {
    const tree = trees.get(nameOf(spanOf(position, at.size)));
    if (!tree) throw new RangeError(`node ${position.index} of level ${position.level} was not asked for`);
    const level = position.level % TILE_HEIGHT;
    return tree.node({ level, index: position.index % (TILE_WIDTH / 2 ** level) });
  };
}

/** As much of a tile as the log at `size` leaves has; 0 or less: nothing of it. */
export function tileWidth(tile: { level: number; index: number }, size: number): number {
  return Math.min(TILE_WIDTH, levelSize(tile.level, size) - tile.index * TILE_WIDTH);
}

/** The row that a node stands on. Throws for a node over leaves that a log of `size` does not have. */
function spanOf(position: NodePosition, size: number): TileSpan {
  const level = Math.floor(position.level / TILE_HEIGHT);
  const hashes = 2 ** (position.level % TILE_HEIGHT);
  if ((position.index + 1) * hashes > levelSize(level, size)) {
    throw new RangeError(`a log of ${size} leaves has no node ${position.index} at level ${position.level}`);
  }
  const index = Math.floor((position.index * hashes) / TILE_WIDTH);
  return { level, index, width: tileWidth({ level, index }, size) };
}

function nameOf(span: TileSpan): string {
  return `${span.level}/${span.index}`;
}
