// Leaves as their bytes, out of the log's entry bundles (GET /tile/entries/…, C2SP tlog-tiles), and what they say, decoded here.

import {
  decodeEntryBundle,
  decodeLeaf,
  formatTilePath,
  fromUtf8,
  LEAF_KIND,
  leafHash,
  ownDevice,
  parseReading,
  splitHashes,
  TILE_WIDTH,
  toHex,
  transactionIdOf,
} from '@telltale/ledger';
import { getBytes } from './get-json.ts';

/** What a list of leaves shows of each. */
export interface ShownLeaf {
  readonly leafIndex: number;
  readonly kind: 'reading' | 'key enrolled' | 'key revoked';
  readonly transactionId: string;
  /** Of a reading. */
  readonly device: string | undefined;
  readonly receivedAtUs: number;
  /** The message as text; that of a registry leaf is not shown. */
  readonly text: string;
}

interface LeafRange {
  readonly start: number;
  readonly end: number;
}

/** The leaves [start, end) of the published log. Throws for bytes that are no leaf. */
export async function getLeaves(range: LeafRange, signal?: AbortSignal): Promise<ShownLeaf[]> {
  const leaves = await readTiles({ level: 'entries', range }, signal);
  return leaves.map((bytes, i) => showLeaf(bytes, range.start + i));
}

/**
 * The first of these leaves whose bytes do not have the hash that the log's tiles hold for it; undefined where all have. Tiles are written with
 * the block: they remember what a leaf was, and whoever changes both has to change the roots of all later blocks too.
 */
export async function findChangedLeaf(range: LeafRange, signal?: AbortSignal): Promise<number | undefined> {
  const leaves = await readTiles({ level: 'entries', range }, signal);
  const hashes = await readTiles({ level: 0, range }, signal);
  const changed = leaves.findIndex((bytes, i) => toHex(leafHash(bytes)) !== toHex(hashes[i] ?? new Uint8Array(0)));
  return changed < 0 ? undefined : range.start + changed;
}

/** The entries or the leaf hashes of a range, tile by tile. */
async function readTiles(
  of: { level: 'entries' | 0; range: LeafRange },
  signal: AbortSignal | undefined,
): Promise<Uint8Array[]> {
  const { start, end } = of.range;
  const found: Uint8Array[] = [];
  for (let index = Math.floor(start / TILE_WIDTH); index * TILE_WIDTH < end; index++) {
    const first = index * TILE_WIDTH;
    const path = formatTilePath({ level: of.level, index, width: Math.min(TILE_WIDTH, end - first) });
    const bytes = await getBytes(`/${path}`, signal);
    const parts = of.level === 0 ? splitHashes(bytes) : entriesOf(bytes);
    found.push(...parts.slice(Math.max(0, start - first)));
  }
  return found;
}

function entriesOf(bytes: Uint8Array): Uint8Array[] {
  const bundle = decodeEntryBundle(bytes);
  if (!bundle.ok) throw new TypeError(bundle.message);
  return bundle.value;
}

function showLeaf(bytes: Uint8Array, leafIndex: number): ShownLeaf {
  const decoded = decodeLeaf(bytes);
  if (!decoded.ok) throw new TypeError(`leaf ${leafIndex}: ${decoded.message}`);
  const leaf = decoded.value;
  const transactionId = toHex(transactionIdOf(leaf, leafHash(bytes)));
  const common = { leafIndex, transactionId, receivedAtUs: leaf.receivedAtUs };
  if (leaf.kind !== LEAF_KIND.reading) {
    const kind = leaf.kind === LEAF_KIND.keyEnrolled ? 'key enrolled' : 'key revoked';
    return { ...common, kind, device: undefined, text: `key ${toHex(leaf.keyId)}` };
  }
  const reading = parseReading(leaf.message);
  const device = (reading.ok ? reading.value.device : undefined) ?? ownDevice(leaf.keyId);
  return { ...common, kind: 'reading', device, text: fromUtf8(leaf.message) ?? 'no UTF-8' };
}
