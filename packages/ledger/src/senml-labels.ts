// SenML's labels, as far as a reader that is not asked what was measured needs them. Source: RFC 8428 section 4.3.

/** Sums of `bt` and `t` below this many seconds, 2^28, are relative to now; from it on they are since the Unix epoch (RFC 8428 section 4.5.3). */
export const RELATIVE_TIME_END_S = 2 ** 28;

/** Of the labels those that an ordinary reading is not likely to use: `t`, `u` and `ut` alone make no pack. */
const PACK_LABELS = new Set(['bn', 'bt', 'bu', 'bv', 'bs', 'bver', 'n', 'v', 'vs', 'vb', 'vd', 's']);

/** Whether an array whose first object has a member of this name is a SenML pack; any other array is a list of readings. */
export function isPackLabel(name: string): boolean {
  return PACK_LABELS.has(name);
}
