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

/** The leaves [start, end) of the published log. Throws for bytes that are no leaf. */
export async function getLeaves(range: { start: number; end: number }, signal?: AbortSignal): Promise<ShownLeaf[]> {
  const shown: ShownLeaf[] = [];
  for (let index = Math.floor(range.start / TILE_WIDTH); index * TILE_WIDTH < range.end; index++) {
    const first = index * TILE_WIDTH;
    const width = Math.min(TILE_WIDTH, range.end - first);
    const path = formatTilePath({ level: 'entries', index, width });
    const bundle = decodeEntryBundle(await getBytes(`/${path}`, signal));
    if (!bundle.ok) throw new TypeError(bundle.message);
    for (const [i, bytes] of bundle.value.entries()) {
      if (first + i >= range.start) shown.push(showLeaf(bytes, first + i));
    }
  }
  return shown;
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
