// The simulator's only source of chance: sfc32 (Chris Doty-Humphrey, PractRand), seeded with one number.

/** A generator of numbers at least 0 and below 1. The same seed gives the same numbers. */
export function sfc32(seed: number): () => number {
  let a = 0;
  let b = Math.floor(seed / 2 ** 32);
  let c = seed | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // PractRand's seeding discards the first 12, which still resemble the seed.
  for (let i = 0; i < 12; i++) next();
  return next;
}
