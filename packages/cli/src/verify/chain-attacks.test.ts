// `telltale verify` as a process, on exports whose lines, blocks or leaves were tampered with, by a stranger or by who holds the ledger's key:
// each is found at its place, and said in words.

import { describe, expect, it } from 'vitest';
import { useHomeFolder } from '../testing/home-folder.ts';
import { runCli } from '../testing/run-cli.ts';
import { makeLedger, otherRoot, remineLedger, VERIFIER_KEY, withHeader, withLeaves } from '../testing/small-ledger.ts';

const home = useHomeFolder();
// Line 1 is the ledger, line 2 genesis; blocks 1 to 4 hold leaves 0-3, 4-6, 7-9 and 10-12; line 7 is the checkpoint.
const ledger = makeLedger({ blocks: 4, perBlock: 3 });
const { lines } = ledger;
const block2 = lines[3] ?? '';
const HOUR_US = 3_600_000_000;

interface Attack {
  readonly what: string;
  readonly changed: readonly string[];
  readonly code: string;
  readonly place: string;
  readonly words: string;
}

const ATTACKS: readonly Attack[] = [
  {
    what: 'a block that was removed',
    changed: lines.toSpliced(3, 1),
    code: 'index',
    place: 'block 2, line 4',
    words: 'blocks are missing, were added, or stand in another order',
  },
  {
    what: 'the newest block removed',
    changed: lines.toSpliced(5, 1),
    code: 'checkpoint-size',
    place: 'line 6',
    words: 'The end of the log was changed, or blocks at the end are missing',
  },
  {
    what: 'two blocks that were swapped',
    changed: lines.with(3, lines[4] ?? '').with(4, block2),
    code: 'index',
    place: 'block 2, line 4',
    words: 'blocks are missing, were added, or stand in another order',
  },
  {
    what: 'a leaf that was removed',
    changed: lines.with(
      3,
      withLeaves(block2, (leaves) => leaves.slice(1)),
    ),
    code: 'log-size',
    place: 'block 2, line 4',
    words: 'Transactions of this block were removed, or others were added',
  },
  {
    what: 'two leaves that were swapped, their times of receipt too',
    changed: lines.with(3, withLeaves(block2, swapped)),
    code: 'log-root',
    place: 'block 2, line 4',
    words: 'a transaction was changed, or two stand in another order than then',
  },
  {
    what: 'the tail removed',
    changed: lines.slice(0, 4),
    code: 'export-unfinished',
    place: 'line 5',
    words: 'The tail is missing: it was cut off',
  },
  {
    what: 'another end that the ledger signed as well',
    changed: lines.with(6, JSON.stringify({ checkpoint: otherRoot(ledger) })),
    code: 'checkpoint-root',
    place: 'line 7',
    words: 'The end of the log was changed',
  },
  {
    what: 'a block that says another time than it was mined with',
    changed: lines.with(
      3,
      withHeader(block2, (header) => header.fill(1, 50, 52)),
    ),
    code: 'proof-of-work',
    place: 'block 2, line 4',
    words: 'the block was changed after it was mined, or never mined',
  },
  {
    what: 'time that goes backwards from one block to the next',
    changed: remineLedger(ledger, (blocks) =>
      blocks.map((block, i) => (i === 1 ? { ...block, timestampUs: block.timestampUs - HOUR_US } : block)),
    ).lines,
    code: 'timestamp',
    place: 'block 2, line 4',
    words: 'Time goes backwards',
  },
  {
    what: 'a difficulty that falls',
    changed: remineLedger(ledger, (blocks) =>
      blocks.map((block, i) => (i === 1 ? { ...block, difficultyBits: 0 } : block)),
    ).lines,
    code: 'difficulty',
    place: 'block 2, line 4',
    words: 'This block asks for less work than the one before it',
  },
];

describe('telltale verify of an export that was tampered with', () => {
  it.each(ATTACKS)('finds $what', async ({ changed, code, place, words }) => {
    const input = `${changed.join('\n')}\n`;
    const { code: exitCode, stdout } = await runCli(['verify', '-', '--key', VERIFIER_KEY], { home: home.path, input });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^NOT SOUND\. Do not rely on this export\./);
    expect(stdout).toContain(`The first thing that is wrong, in ${place} of the export:`);
    expect(stdout).toContain(`(${code}).`);
    expect(stdout).toContain(words);
  });
});

/** The first two leaves in each other's place, each with the time of receipt (bytes 2 to 9) of its place. */
function swapped([first, second, ...rest]: Buffer[]): Buffer[] {
  if (!first || !second) throw new Error('there are not two leaves');
  const at = (leaf: Buffer, place: Buffer) =>
    Buffer.concat([leaf.subarray(0, 2), place.subarray(2, 10), leaf.subarray(10)]);
  return [at(second, first), at(first, second), ...rest];
}
