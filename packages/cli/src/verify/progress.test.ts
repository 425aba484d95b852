// What a person sees while a ledger is verified: how many, how fast, how long still.

import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Progress, type ProgressTotal } from './progress.ts';

/** The lines that it writes when 500 leaves of 100 bytes each come every half second. */
function linesOf(total: ProgressTotal | undefined): string[] {
  const output = new PassThrough();
  let nowMs = 0;
  const progress = new Progress({ output, total, nowMs: () => nowMs });
  for (let i = 0; i < 3; i++) {
    nowMs += 500;
    progress.tookBytes(50_000);
    progress.tookLeaves(500);
  }
  progress.end();
  return String(output.read()).split('\r\u001b[K').slice(1);
}

describe('Progress', () => {
  it('shows the rate and the time left of a file, and clears itself away', () => {
    expect(linesOf({ kind: 'bytes', count: 200_000 })).toEqual([
      '500 transactions, 1,000 a second, 25 %, 2 s left',
      '1,000 transactions, 1,000 a second, 50 %, 1 s left',
      '1,500 transactions, 1,000 a second, 75 %, 1 s left',
      '',
    ]);
  });

  it('goes by leaves where a receiver says how many there are, up to hours', () => {
    const [first] = linesOf({ kind: 'leaves', count: 5_000_000 });
    expect(first).toBe('500 transactions, 1,000 a second, 0 %, 1 h 23 min left');
  });

  it('shows the rate alone where nobody knows the end', () => {
    expect(linesOf(undefined)[2]).toBe('1,500 transactions, 1,000 a second');
  });
});
