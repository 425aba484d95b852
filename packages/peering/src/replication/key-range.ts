// Parts of the circle as ranges of keys that do not wrap, ends included: what a store can look up in order. A prefix of hex digits is a
// node of the Merkle tree over an arc; its keys inside the arc are at most two ranges.

import { type NodeId, parseNodeId, pointAfter } from '../node-id.ts';

/** Keys from `first` to `last`, both included; first <= last. */
export interface KeyRange {
  readonly first: NodeId;
  readonly last: NodeId;
}

/** The keys after `after` up to and with `until`, clockwise; the whole circle when they are equal. */
export interface Arc {
  readonly after: NodeId;
  readonly until: NodeId;
}

const HEX_DIGITS = 64;

export const FIRST_KEY = point('');
export const LAST_KEY = rangeOfPrefix('').last;

/** All keys that begin with these hex digits (at most 64). */
export function rangeOfPrefix(prefix: string): KeyRange {
  return { first: point(prefix), last: point(prefix.padEnd(HEX_DIGITS, 'f')) };
}

/** The keys of an arc that begin with these hex digits, in rising order. */
export function rangesOf(arc: Arc, prefix = ''): KeyRange[] {
  const first = pointAfter(arc.after, 0);
  const whole: KeyRange[] =
    first <= arc.until
      ? [{ first, last: arc.until }]
      : [
          { first: FIRST_KEY, last: arc.until },
          { first, last: LAST_KEY },
        ];
  const wanted = rangeOfPrefix(prefix);
  return whole
    .map(({ first: from, last }) => ({
      first: from > wanted.first ? from : wanted.first,
      last: last < wanted.last ? last : wanted.last,
    }))
    .filter((range) => range.first <= range.last);
}

/** Whether a key lies in one of the ranges. */
export function isInRanges(ranges: readonly KeyRange[], key: NodeId): boolean {
  return ranges.some(({ first, last }) => first <= key && key <= last);
}

function point(prefix: string): NodeId {
  const id = parseNodeId(prefix.padEnd(HEX_DIGITS, '0'));
  if (!id) throw new RangeError(`not the beginning of an identifier: ${prefix}`);
  return id;
}
