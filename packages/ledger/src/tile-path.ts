// Where tiles and entry bundles stand, and what an entry bundle holds: `tile/<L>/<N>[.p/<W>]`, `tile/entries/<N>[.p/<W>]`.
// The hashes of a tile are tiles.ts. Source: C2SP tlog-tiles "Merkle Tree", "Partial Tiles", "Log entries".

import { viewOf } from './bytes.ts';
import { parseDecimal } from './hash-lines.ts';
import { MAX_LEAF_BYTES } from './leaf.ts';
import { accept, type Result, refuse } from './result.ts';
import { TILE_WIDTH } from './tiles.ts';

/** Highest tile level of C2SP tlog-tiles. */
const MAX_TILE_LEVEL = 63;
/** Bytes of the length before each entry of a bundle. */
const LENGTH_BYTES = 2;

/** A tile as its path names it. Source: C2SP tlog-tiles. */
export interface TilePath {
  /** `entries`: a bundle of leaves; a number: hashes of that level. */
  readonly level: number | 'entries';
  readonly index: number;
  /** 1 to 256; 256 is a full tile. */
  readonly width: number;
}

/** The path of a tile below a log's prefix, without a slash before it. Without `width` the tile is full. Throws for what is no tile. */
export function formatTilePath(tile: { level: number | 'entries'; index: number; width?: number }): string {
  const { level, index, width = TILE_WIDTH } = tile;
  if (level !== 'entries' && !isWithin(level, 0, MAX_TILE_LEVEL)) throw new RangeError(`not a tile level: ${level}`);
  if (!isWithin(index, 0, Number.MAX_SAFE_INTEGER)) throw new RangeError(`not a tile index: ${index}`);
  if (!isWithin(width, 1, TILE_WIDTH)) throw new RangeError(`not a tile width: ${width}`);
  return `tile/${level}/${formatTileIndex(index)}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** Reads such a path: the one spelling that `formatTilePath` gives, and no other. */
export function parseTilePath(path: string): Result<TilePath, 'tile-path'> {
  const wrong = refuse(
    'tile-path',
    'a tile stands at tile/<level or entries>/<index in groups of three digits>[.p/<width>]',
  );
  const [, levelText = '', indexText = '', widthText] =
    /^tile\/(entries|[0-9]+)\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([0-9]+))?$/.exec(path) ?? [];
  const level = levelText === 'entries' ? levelText : parseDecimal(levelText);
  const index = Number(indexText.replace(/[x/]/g, ''));
  const width = widthText === undefined ? TILE_WIDTH : parseDecimal(widthText);
  if (level === undefined || width === undefined || indexText === '') return wrong;
  if (level !== 'entries' && level > MAX_TILE_LEVEL) return wrong;
  if (width === 0 || width > TILE_WIDTH || !Number.isSafeInteger(index)) return wrong;
  // One tile, one path: no group of zeros too many, no `.p/256`.
  return formatTilePath({ level, index, width }) === path ? accept({ level, index, width }) : wrong;
}

/** The leaves of one bundle, each with its length (uint16) before it. Throws for no leaves, more than 256, or one longer than 65,535 bytes. */
export function encodeEntryBundle(leaves: readonly Uint8Array[]): Uint8Array {
  if (!isWithin(leaves.length, 1, TILE_WIDTH)) throw new RangeError(`a bundle holds 1 to ${TILE_WIDTH} leaves`);
  if (leaves.some((leaf) => leaf.length > MAX_LEAF_BYTES)) throw new RangeError('a leaf is too long for a bundle');
  const bytes = new Uint8Array(leaves.reduce((size, leaf) => size + LENGTH_BYTES + leaf.length, 0));
  const view = viewOf(bytes);
  let at = 0;
  for (const leaf of leaves) {
    view.setUint16(at, leaf.length);
    bytes.set(leaf, at + LENGTH_BYTES);
    at += LENGTH_BYTES + leaf.length;
  }
  return bytes;
}

/** The leaves of a bundle, as views of `bytes`. Whether they are leaves of this format is not looked at. */
export function decodeEntryBundle(bytes: Uint8Array): Result<Uint8Array[], 'entry-bundle'> {
  const wrong = refuse('entry-bundle', `a bundle holds 1 to ${TILE_WIDTH} entries, each after its length`);
  const view = viewOf(bytes);
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + LENGTH_BYTES > bytes.length) return wrong;
    const end = at + LENGTH_BYTES + view.getUint16(at);
    if (end > bytes.length) return wrong;
    entries.push(bytes.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return isWithin(entries.length, 1, TILE_WIDTH) ? accept(entries) : wrong;
}

/** Groups of three digits, `x` before all but the last: 1234067 is `x001/x234/067`. */
function formatTileIndex(index: number): string {
  const groups = [String(index % 1000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  }
  return groups.join('/');
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}
