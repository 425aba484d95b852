// Lines out of chunks: the same ones wherever the chunks begin and end.

import { describe, expect, it } from 'vitest';
import { splitLines } from './split-lines.ts';

describe('splitLines', () => {
  it.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\nb', ['a', 'b']],
    ['\n', ['']],
    ['a\n\nb\n', ['a', '', 'b']],
    ['one\r\ntwo\n', ['one\r', 'two']],
  ])('%j holds the lines %j', async (text, expected) => {
    for (let size = 1; size <= text.length + 1; size++) expect(await linesOf(text, size)).toEqual(expected);
  });

  it('does not lend the buffer that a source uses again', async () => {
    const buffer = new Uint8Array(1);
    const source = (async function* () {
      for (const byte of Buffer.from('ab\n')) {
        buffer[0] = byte;
        yield buffer;
      }
    })();
    const lines: string[] = [];
    for await (const line of splitLines(source)) lines.push(Buffer.from(line).toString());
    expect(lines).toEqual(['ab']);
  });

  it('throws for a line past 256 MiB, and holds no more of it', async () => {
    const chunk = new Uint8Array(64 * 1024 * 1024).fill(0x61);
    let chunks = 0;
    const endless = (async function* () {
      for (;;) {
        chunks++;
        yield chunk;
      }
    })();
    await expect(splitLines(endless).next()).rejects.toThrow(RangeError);
    expect(chunks).toBe(5);
  });
});

async function linesOf(text: string, chunkBytes: number): Promise<string[]> {
  const bytes = Buffer.from(text);
  const source = (async function* () {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  })();
  const lines: string[] = [];
  for await (const line of splitLines(source)) lines.push(Buffer.from(line).toString());
  return lines;
}
