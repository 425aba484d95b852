// SHA-256 on arrays of 32-bit words: the constants, the schedule and the rounds. Not a hash function: only what a miner computes once a header, because
// node:crypto gives no state in the middle of a hash. Source: FIPS 180-4, sections 4.1.2, 4.2.2, 5.3.3 and 6.2.2.

/** Rounds of one compression, and words of one schedule. */
export const ROUNDS = 64;
/** Words in a block. */
export const BLOCK_WORDS = 16;

/** The state before the first block: H(0) of section 5.3.3. */
export const INITIAL_STATE: readonly number[] = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/** K of section 4.2.2. */
export const ROUND_CONSTANTS: readonly number[] = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
];

const rotr = (x: number, bits: number) => (x >>> bits) | (x << (32 - bits));
const bigSigma0 = (x: number) => rotr(x, 2) ^ rotr(x, 13) ^ rotr(x, 22);
const bigSigma1 = (x: number) => rotr(x, 6) ^ rotr(x, 11) ^ rotr(x, 25);
const ch = (x: number, y: number, z: number) => (x & y) ^ (~x & z);
const maj = (x: number, y: number, z: number) => (x & y) ^ (x & z) ^ (y & z);

/** σ0 and σ1 of the message schedule. */
export const smallSigma0 = (x: number): number => rotr(x, 7) ^ rotr(x, 18) ^ (x >>> 3);
export const smallSigma1 = (x: number): number => rotr(x, 17) ^ rotr(x, 19) ^ (x >>> 10);

/** Fills words 16 to 63 of a schedule, whose first 16 are the block. */
export function expandBlock(words: Uint32Array): void {
  for (let t = BLOCK_WORDS; t < ROUNDS; t++) {
    words[t] =
      smallSigma1(words[t - 2] ?? 0) + (words[t - 7] ?? 0) + smallSigma0(words[t - 15] ?? 0) + (words[t - 16] ?? 0);
  }
}

/** Runs the rounds [0, count) on a state of eight words. */
export function runRounds(state: Uint32Array, words: Uint32Array, count: number): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let t = 0; t < count; t++) {
    const t1 = (h + bigSigma1(e) + ch(e, f, g) + (ROUND_CONSTANTS[t] ?? 0) + (words[t] ?? 0)) | 0;
    const t2 = (bigSigma0(a) + maj(a, b, c)) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state.set([a, b, c, d, e, f, g, h]);
}

/** What a whole block, given as its schedule, makes of a state. */
export function compress(state: Uint32Array, words: Uint32Array): void {
  const before = Uint32Array.from(state);
  runRounds(state, words, ROUNDS);
  for (let i = 0; i < state.length; i++) state[i] = (state[i] ?? 0) + (before[i] ?? 0);
}
