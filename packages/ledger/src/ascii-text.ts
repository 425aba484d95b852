// Texts of US-ASCII bytes, as the names of members and devices are: short ones come again and again, so the last of them are kept. A text that
// is there already costs no memory, and every map that it is a key of knows it by itself.

import { fromUtf8 } from './bytes.ts';

/**
 * The longest text that is joined character by character, and that is kept. Up to about here, as most names are, that is faster than a call of
 * the decoder; beyond, each character costs a string, and one of 8 MB held everybody up for 0.6 s instead of 0.03 (measured).
 */
const MAX_JOINED_BYTES = 16;
/** Texts that are kept, 20 kB at most. A guess; it is a power of two, so that the remainder is cheap. */
const RECENT_TEXTS = 512;

/** By what their bytes add up to; a newer text takes the place of an older one. It changes how fast a text is made, never which. */
const recentTexts = new Array<string>(RECENT_TEXTS).fill('');

/** The text of the bytes [start, end), which are US-ASCII. */
export function asciiText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > MAX_JOINED_BYTES) return fromUtf8(bytes.subarray(start, end)) ?? '';
  let slot = end - start;
  for (let i = start; i < end; i++) slot = (31 * slot + (bytes[i] ?? 0)) % RECENT_TEXTS;
  const recent = recentTexts[slot];
  if (recent !== undefined && isText(recent, bytes, start, end)) return recent;
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] ?? 0);
  recentTexts[slot] = text;
  return text;
}

function isText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = start; i < end; i++) if (text.charCodeAt(i - start) !== bytes[i]) return false;
  return true;
}
