// The points of Ed25519's curve whose order divides 8. None is accepted, neither as a key nor as the R of a signature: a signature by such a
// key can fit many messages, and verifiers differ on such an R (OpenSSL takes it, Node.js 24.21 does not: nodejs/node#64026). Source: RFC 8032
// section 5.1.

import { bytesOf } from './bytes.ts';

/** The y coordinates, little-endian and without the sign bit, of these eight points: 0 (order 4), 1 (order 1), −1 (order 2), and two of order 8. */
const SMALL_ORDER_Y = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
].map(bytesOf);
const SIGN_AT = 31;

/**
 * Whether the first 32 bytes, so also a whole signature's R, are a point of small order, with either sign. Other spellings of such a point, with a y
 * that is not reduced, are not looked for: neither keys nor signatures with one are accepted anyway.
 */
export function hasSmallOrder(encoding: Uint8Array): boolean {
  for (const y of SMALL_ORDER_Y) if (hasY(encoding, y)) return true;
  return false;
}

/** Asked for every signature: the first byte already tells nearly all others apart. */
function hasY(encoding: Uint8Array, y: Uint8Array): boolean {
  for (let i = 0; i < SIGN_AT; i++) if (encoding[i] !== y[i]) return false;
  const last = encoding[SIGN_AT];
  return last !== undefined && (last & 0x7f) === y[SIGN_AT];
}
