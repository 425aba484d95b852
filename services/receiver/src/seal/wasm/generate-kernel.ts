// Writes the kernel in AssemblyScript: SHA-256's second block for eight nonces at a time, two vectors of four lanes. Nothing but text comes
// out; build-kernel.ts makes WebAssembly of it.
//
// Rounds before LOOP_ROUND are unrolled, because each has other constant terms; the rest is a loop of eight rounds, so that the machine code
// of two vectors (21 KB on x64; one vector wholly unrolled has 16) fits the 32 KB of a core's instruction cache. Wholly unrolled, two vectors
// were slower than one; so they are a sixth faster. Measured, as is that other orders of the two are slower.
// WebAssembly has no rotation: it is two shifts and an or. V8 makes three instructions of a bitselect on x64, no fewer than ch and maj need.

import {
  IS_CONSTANT,
  LANES,
  LOOP_ROUND,
  NONCE_WORD,
  roundTermAt,
  stateAt,
  VECTOR_BYTES,
  VECTORS,
  wordAt,
  wordTermAt,
} from './kernel-memory.ts';
import { ROUNDS } from './sha256-words.ts';

/** After as many rounds each of the eight variables holds what it held before, so that they need not be moved. */
const LOOP_ROUNDS = 8;
/** Nonces a turn of the kernel. */
const NONCES = LANES * VECTORS;

const add = (...terms: string[]) => terms.reduce((sum, term) => `i32x4.add(${sum}, ${term})`);
const xor = (...terms: string[]) => terms.reduce((sum, term) => `v128.xor(${sum}, ${term})`);
const and = (x: string, y: string) => `v128.and(${x}, ${y})`;
const shr = (x: string, bits: number) => `i32x4.shr_u(${x}, ${bits})`;
const rotr = (x: string, bits: number) => `v128.or(${shr(x, bits)}, i32x4.shl(${x}, ${32 - bits}))`;

const bigSigma0 = (x: string) => xor(rotr(x, 2), rotr(x, 13), rotr(x, 22));
const bigSigma1 = (x: string) => xor(rotr(x, 6), rotr(x, 11), rotr(x, 25));
const smallSigma0 = (x: string) => xor(rotr(x, 7), rotr(x, 18), shr(x, 3));
const smallSigma1 = (x: string) => xor(rotr(x, 17), rotr(x, 19), shr(x, 10));

const vectors = Array.from({ length: VECTORS }, (_, vector) => vector);
const each = (line: (vector: number) => string) => vectors.map(line);
const load = (address: number) => `v128.load(${address})`;

/** The name of state variable i (0 is a, 7 is h) before round t: instead of moving the values, the names move. */
function variable(t: number, i: number, vector: number): string {
  return `${'abcdefgh'[(((i - (t - NONCE_WORD)) % 8) + 8) % 8]}${vector}`;
}

/** The kernel's source. */
export function kernelSource(): string {
  return [
    '/** Offset from `first` of the lowest of `count` nonces whose hash has no bit of `mask` in its first word, or -1. count < 2^31. */',
    'export function search(first: u32, count: u32, mask: u32): i32 {',
    '  const maskLanes = i32x4.splat(mask);',
    ...each((v) => `  let nonce${v} = i32x4.add(i32x4.splat(first), i32x4(${lanesOf(v)}));`),
    `  for (let done: u32 = 0; done < count; done += ${NONCES}) {`,
    ...each(firstRound),
    ...rounds(NONCE_WORD + 1, LOOP_ROUND, fixedAddresses),
    '    let term: usize = 0;',
    '    let word: usize = 0;',
    `    for (let round = ${LOOP_ROUND}; round < ${ROUNDS}; round += ${LOOP_ROUNDS}) {`,
    ...rounds(LOOP_ROUND, LOOP_ROUND + LOOP_ROUNDS, loopAddresses),
    `      term += ${VECTOR_BYTES * LOOP_ROUNDS};`,
    `      word += ${VECTOR_BYTES * LOOP_ROUNDS * VECTORS};`,
    '    }',
    ...each((v) => `    const hit${v} = i32x4.eq(${and(variable(ROUNDS, 0, v), 'maskLanes')}, i32x4.splat(0));`),
    `    if (v128.any_true(${vectors.map((v) => `hit${v}`).reduce((any, hit) => `v128.or(${any}, ${hit})`)})) {`,
    ...each(lowestHit),
    '    }',
    ...each((v) => `    nonce${v} = i32x4.add(nonce${v}, i32x4.splat(${NONCES}));`),
    '  }',
    '  return -1;',
    '}',
    '',
  ].join('\n');
}

const lanesOf = (vector: number) => [0, 1, 2, 3].map((lane) => LANES * vector + lane).join(', ');

/** Lanes past `count` may hit too; the lowest hit is past it only if all are. */
function lowestHit(vector: number): string {
  return `      const bits${vector} = i32x4.bitmask(hit${vector});
      if (bits${vector} != 0) {
        const at = done + ${LANES * vector} + ctz(bits${vector});
        return at < count ? at : -1;
      }`;
}

/** The nonce's own round: its T1 is a constant plus the nonce. `pair` is b ^ c, which maj needs and the round before has. */
function firstRound(vector: number): string {
  const next = NONCE_WORD + 1;
  const lines = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => {
    const isMoved = i === 0 || i === 4;
    return `    let ${variable(next, i, vector)} = ${isMoved ? add(load(stateAt(i)), `nonce${vector}`) : load(stateAt(i))};`;
  });
  return [
    ...lines,
    `    let pair${vector} = ${xor(variable(next, 1, vector), variable(next, 2, vector))};`,
    `    let next${vector}: v128;`,
    `    let sum${vector}: v128;`,
  ].join('\n');
}

/** How the code names what stands in memory for a round. */
interface Addresses {
  /** Whether the terms of round t are known to be constant when the code is written. */
  readonly isConstant: (t: number) => boolean;
  readonly roundTerm: (t: number) => string;
  readonly word: (t: number, vector: number) => string;
  readonly store: (t: number, vector: number, value: string) => string;
}

const fixedAddresses: Addresses = {
  isConstant: (t) => IS_CONSTANT[t] === true,
  roundTerm: (t) => load(roundTermAt(t)),
  word: (t, vector) => (t === NONCE_WORD ? `nonce${vector}` : load(wordAt(t, vector))),
  store: (t, vector, value) => `v128.store(${wordAt(t, vector)}, ${value});`,
};

/** In the loop the addresses of its first turn stand beside the distance that the turn is past them. */
const loopAddresses: Addresses = {
  isConstant: () => false,
  roundTerm: (t) => `v128.load(term, ${roundTermAt(t)})`,
  word: (t, vector) => `v128.load(word, ${wordAt(t, vector)})`,
  store: (t, vector, value) => `v128.store(word, ${value}, ${wordAt(t, vector)});`,
};

/** Rounds [from, to). The vectors take turns round by round: in one instruction window there is then always one that need not wait. */
function rounds(from: number, to: number, at: Addresses): string[] {
  const lines: string[] = [];
  for (let t = from; t < to; t++) {
    for (const vector of vectors) lines.push(...wordLines(t, vector, at), ...roundLines(t, vector));
  }
  return lines.map((line) => `    ${line}`);
}

/** Leaves W + K of round t in `sum`. */
function wordLines(t: number, vector: number, at: Addresses): string[] {
  const sum = `sum${vector}`;
  if (at.isConstant(t)) return [`${sum} = ${at.roundTerm(t)};`];
  const terms = wordTerms(t, vector, at);
  return [`${sum} = ${add(...terms)};`, at.store(t, vector, sum), `${sum} = ${add(sum, at.roundTerm(t))};`];
}

function wordTerms(t: number, vector: number, at: Addresses): string[] {
  const parts = [
    { from: t - 16, of: (word: string) => word },
    { from: t - 15, of: smallSigma0 },
    { from: t - 7, of: (word: string) => word },
    { from: t - 2, of: smallSigma1 },
  ];
  const variables = parts.filter(({ from }) => !at.isConstant(from));
  const terms = variables.map(({ from, of }) => of(at.word(from, vector)));
  return variables.length < parts.length ? [load(wordTermAt(t)), ...terms] : terms;
}

/** ch = g ^ (e & (f ^ g)) and maj = b ^ ((a ^ b) & (b ^ c)), whose a ^ b is the next round's b ^ c. */
function roundLines(t: number, vector: number): string[] {
  const [a, b, , d, e, f, g, h] = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => variable(t, i, vector));
  if (!a || !b || !d || !e || !f || !g || !h) throw new Error('the state has eight variables');
  const [sum, pair, next] = [`sum${vector}`, `pair${vector}`, `next${vector}`];
  return [
    `${sum} = ${add(h, sum)};`,
    `${sum} = ${add(sum, xor(g, and(e, xor(f, g))))};`,
    `${sum} = ${add(sum, bigSigma1(e))};`,
    `${d} = ${add(d, sum)};`,
    `${next} = ${xor(a, b)};`,
    `${sum} = ${add(sum, xor(b, and(next, pair)))};`,
    `${pair} = ${next};`,
    `${h} = ${add(sum, bigSigma0(a))};`,
  ];
}
