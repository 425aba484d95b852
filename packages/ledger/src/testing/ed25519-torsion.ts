// The eight points of edwards25519 whose order divides 8, worked out from the curve itself, so that the ledger's list of them is
// held against arithmetic and not against another list. Source: RFC 8032 section 5.1.

const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = modulo(-121665n * inverse(121666n));
const SQRT_MINUS_1 = power(2n, (P - 1n) / 4n);

interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

/** Canonical 32-byte encodings, the eight of them in the order of a generator's multiples. */
export function torsionEncodings(): Uint8Array[] {
  for (let y = 2n; ; y++) {
    const point = pointAt(y);
    const generator = point && multiply(point, ORDER);
    // A generator's fourth multiple is not the neutral point (0, 1); its eighth always is.
    if (generator && multiply(generator, 4n).y !== 1n) {
      return Array.from({ length: 8 }, (_, times) => encodePoint(multiply(generator, BigInt(times))));
    }
  }
}

/** 32 bytes little-endian, the sign of x in the highest bit. */
export function encodeY(y: bigint, isXOdd: boolean): Uint8Array {
  const value = y + (isXOdd ? 2n ** 255n : 0n);
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

function encodePoint({ x, y }: Point): Uint8Array {
  return encodeY(y, x % 2n === 1n);
}

/** A point with this y, if there is one: x² = (y² − 1) / (d·y² + 1). */
function pointAt(y: bigint): Point | undefined {
  const square = modulo((y * y - 1n) * inverse(D * y * y + 1n));
  const root = power(square, (P + 3n) / 8n);
  const x = [root, modulo(root * SQRT_MINUS_1)].find((candidate) => modulo(candidate * candidate) === square);
  return x === undefined ? undefined : { x, y };
}

function multiply(point: Point, times: bigint): Point {
  let sum: Point = { x: 0n, y: 1n };
  for (const bit of times.toString(2)) {
    sum = add(sum, sum);
    if (bit === '1') sum = add(sum, point);
  }
  return sum;
}

function add(a: Point, b: Point): Point {
  const cross = modulo(D * a.x * b.x * a.y * b.y);
  return {
    x: modulo((a.x * b.y + b.x * a.y) * inverse(1n + cross)),
    y: modulo((a.y * b.y + a.x * b.x) * inverse(1n - cross)),
  };
}

function modulo(value: bigint): bigint {
  return ((value % P) + P) % P;
}

function inverse(value: bigint): bigint {
  return power(modulo(value), P - 2n);
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = modulo(result * result);
    if (bit === '1') result = modulo(result * base);
  }
  return result;
}
