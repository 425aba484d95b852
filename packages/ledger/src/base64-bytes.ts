// Canonical base64 (RFC 4648 section 4) straight from ASCII bytes into memory that is there already: most of an export is base64, and texts
// and views in between would cost more than the decoding. The same on every platform; texts are decoded in platform/.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PADDING = 0x3d;
/** The value of each digit, -1 for a byte that is none. */
const VALUE = new Int8Array(256).fill(-1);
for (let value = 0; value < 64; value++) VALUE[ALPHABET.charCodeAt(value)] = value;

/**
 * Decodes all of `text` into `target.bytes` from `target.at` on, which must have room for 3 bytes for every 4 digits. Gives the offset behind
 * the last byte, or undefined for any other text than padded base64 without white space and without stray bits under the padding.
 */
export function decodeBase64(text: Uint8Array, target: { bytes: Uint8Array; at: number }): number | undefined {
  const { length } = text;
  if (length % 4 !== 0) return undefined;
  if (length === 0) return target.at;
  const padding = text[length - 1] !== PADDING ? 0 : text[length - 2] === PADDING ? 2 : 1;
  const { bytes } = target;
  let { at } = target;
  const wholeEnd = padding === 0 ? length : length - 4;
  for (let i = 0; i < wholeEnd; i += 4) {
    const group = groupAt(text, i);
    if (group < 0) return undefined;
    bytes[at] = group >> 16;
    bytes[at + 1] = group >> 8;
    bytes[at + 2] = group;
    at += 3;
  }
  if (padding === 0) return at;
  const a = digitAt(text, wholeEnd);
  const b = digitAt(text, wholeEnd + 1);
  const c = padding === 1 ? digitAt(text, wholeEnd + 2) : 0;
  const strayBits = padding === 1 ? c & 3 : b & 15;
  if ((a | b | c) < 0 || strayBits !== 0) return undefined;
  bytes[at++] = (a << 2) | (b >> 4);
  if (padding === 1) bytes[at++] = (b << 4) | (c >> 2);
  return at;
}

/** The 24 bits of four digits; negative where one is no digit. */
function groupAt(text: Uint8Array, at: number): number {
  const high = (digitAt(text, at) << 18) | (digitAt(text, at + 1) << 12);
  return high | (digitAt(text, at + 2) << 6) | digitAt(text, at + 3);
}

function digitAt(text: Uint8Array, at: number): number {
  return VALUE[text[at] ?? 0] ?? -1;
}
