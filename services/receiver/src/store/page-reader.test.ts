// Reading on through something that is stored in order.

import { describe, expect, it } from 'vitest';
import { PageReader } from './page-reader.ts';

/** Pages of three of the numbers from 0 to `end`, not included; `starts` are the pages asked for. */
function numbers(end: number) {
  const stored = { end, starts: Array.of<number>() };
  const read = async (start: number) => {
    stored.starts.push(start);
    return Array.from({ length: Math.max(0, Math.min(3, stored.end - start)) }, (_, i) => start + i);
  };
  return { stored, read };
}

describe('PageReader', () => {
  it('gives everything in order, as much as is at hand and as much as was asked for', async () => {
    const reader = new PageReader(numbers(7).read);
    expect(await reader.take(2)).toEqual([0, 1]);
    expect(await reader.take(2)).toEqual([2]);
    expect(await reader.take(3)).toEqual([3, 4, 5]);
    expect(reader.at).toBe(6);
    expect(await reader.take()).toEqual([6]);
    expect(await reader.take()).toEqual([]);
    expect(reader.at).toBe(7);
  });

  it('has asked for the page after the one that it gives, and for no more', async () => {
    const { stored, read } = numbers(100);
    const reader = new PageReader(read);
    expect(stored.starts).toEqual([0]);
    await reader.take(1);
    expect(stored.starts).toEqual([0, 3]);
    await reader.take(2);
    expect(stored.starts).toEqual([0, 3]);
    await reader.take(1);
    expect(stored.starts).toEqual([0, 3, 6]);
  });

  it('finds what came after it had looked for it', async () => {
    const { stored, read } = numbers(3);
    const reader = new PageReader(read);
    expect(await reader.take()).toEqual([0, 1, 2]);
    stored.end = 5;
    expect(await reader.take()).toEqual([3, 4]);
    expect(await reader.take()).toEqual([]);
    stored.end = 6;
    expect(await reader.take()).toEqual([5]);
  });

  it('throws what reading ahead threw where that page is reached, not before', async () => {
    const failure = new Error('the database is away');
    const reader = new PageReader(async (start) => {
      if (start > 0) throw failure;
      return [1, 2];
    });
    expect(await reader.take(1)).toEqual([1]);
    expect(await reader.take(1)).toEqual([2]);
    await expect(reader.take(1)).rejects.toBe(failure);
  });
});
