// `telltale verify --export` as a process: blocks that a receiver mined anew over the same log are sound in themselves, and an earlier export
// gives them away.

import { describe, expect, it } from 'vitest';
import { useHomeFolder } from '../testing/home-folder.ts';
import { FEWER_BLOCKS, MINED_ANEW } from '../testing/mined-anew.ts';
import { runCli } from '../testing/run-cli.ts';
import {
  makeLedger,
  receiptsOf,
  rewriteLedger,
  type SmallLedger,
  VERIFIER_KEY,
  withHeader,
} from '../testing/small-ledger.ts';

const home = useHomeFolder();
const original = makeLedger({ blocks: 4, perBlock: 3 });
const early = makeLedger({ blocks: 2, perBlock: 3 });
const textOf = (lines: readonly string[]) => `${lines.join('\n')}\n`;

async function verify(shown: SmallLedger, kept: readonly (readonly string[])[], more: readonly string[] = []) {
  const args: string[] = [];
  for (const [i, lines] of kept.entries()) args.push('--export', await home.write(`kept-${i}.jsonl`, textOf(lines)));
  return runCli(['verify', '-', '--key', VERIFIER_KEY, ...args, ...more], {
    home: home.path,
    input: textOf(shown.lines),
  });
}

async function findingsOf(shown: SmallLedger, kept: readonly (readonly string[])[]) {
  const { code, stdout } = await verify(shown, kept, ['--json']);
  const { verdict, kept: judged } = JSON.parse(stdout);
  return { code, verdict, findings: judged.findings };
}

describe('telltale verify with an earlier export of the same ledger', () => {
  it('is sound where every block of it is still the same, from whichever block it begins', async () => {
    const newest = original.lines.toSpliced(1, 4);
    const { code, stdout } = await verify(original, [early.lines, original.lines, newest]);
    expect(stdout).toContain('What you kept (3 earlier exports) was compared with the log: all of it is signed');
    expect(code).toBe(0);
  });

  it.each([...MINED_ANEW, FEWER_BLOCKS])('finds $what over the same log', async ({ forged, firstBlock, words }) => {
    const checkpoint = await home.write('checkpoint', original.checkpoint);
    const receipts = await home.write('receipts', JSON.stringify(receiptsOf(original, { leafIndexes: [1, 5, 8, 12] })));
    // By design: all that speaks of the log is still true.
    expect((await verify(forged, [], ['--checkpoint', checkpoint, '--receipt', receipts])).code).toBe(0);
    const { code, stdout } = await verify(forged, [original.lines]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^NOT SOUND\. The export fits itself, but not what its ledger signed before\./);
    expect(stdout).toContain(
      `kept-0.jsonl: the ledger signed two different blocks ${firstBlock}, the one that you kept and`,
    );
    expect(stdout).toMatch(words);
    expect(stdout).toContain('(block-other)');
  });

  it('finds it with the newest block alone', async () => {
    const [attack] = MINED_ANEW;
    const { code, findings } = await findingsOf(attack?.forged ?? original, [original.lines.toSpliced(1, 4)]);
    expect(code).toBe(1);
    expect(findings).toMatchObject([{ kind: 'contradiction', code: 'block-other' }]);
    expect(findings[0].message).toContain('two different blocks 4');
    expect(findings[0].message).toContain('The transactions up to it are the same: the block itself was made anew');
  });

  it('finds it with the newest block alone, also where this export has fewer blocks', async () => {
    const { code, findings } = await findingsOf(FEWER_BLOCKS.forged, [original.lines.toSpliced(1, 4)]);
    expect(code).toBe(1);
    expect(findings).toMatchObject([{ kind: 'contradiction', code: 'blocks-redone' }]);
    expect(findings[0].message).toContain(
      'closed 13 transactions with block 4, and in this export 13 with block 1 already',
    );
  });

  it('finds a history that was rewritten, by its blocks and by its checkpoint', async () => {
    const rewritten = rewriteLedger(original, (leaves, block) => (block === 2 ? leaves.toSpliced(1, 1) : leaves));
    const { code, findings } = await findingsOf(rewritten, [early.lines]);
    expect(code).toBe(1);
    expect(findings).toMatchObject([{ code: 'checkpoint-other-history' }, { code: 'block-other' }]);
    expect(findings[1].message).toContain('The history that it closes was made anew after it had been shown');
  });

  it('finds that the end was removed, also by an export that broke off before its checkpoint', async () => {
    const { code, findings } = await findingsOf(early, [original.lines.slice(0, -1)]);
    expect(code).toBe(1);
    expect(findings).toMatchObject([{ kind: 'contradiction', code: 'block-beyond' }]);
    expect(findings[0].message).toContain('the ledger signed block 4, and this export ends with block 2');
  });
});

describe('telltale verify with a proof that was kept', () => {
  const withProof = async (shown: SmallLedger, proof: string) => {
    const file = await home.write('proof', proof);
    const { code, stdout } = await verify(shown, [], ['--json', '--proof', file]);
    return { code, ...JSON.parse(stdout).kept };
  };

  it('is sound where the reading still stands there', async () => {
    expect(await withProof(original, original.proof(5))).toMatchObject({ code: 0, proofs: 1, findings: [] });
  });

  it('finds that another reading stands in its place, and where it went', async () => {
    const rewritten = rewriteLedger(original, (leaves, block) => (block === 2 ? leaves.toSpliced(1, 1) : leaves));
    const { code, findings } = await withProof(rewritten, original.proof(8));
    expect(code).toBe(1);
    expect(findings.map((finding: { code: string }) => finding.code)).toEqual([
      'proof-other-leaf',
      'checkpoint-beyond',
    ]);
    expect(findings[0].message).toContain('another transaction stands there now');
    expect(findings[0].message).toContain('the proven one stands at 7 instead: history was rewritten');
  });

  it('blames nobody for a proof that was changed', async () => {
    const { code, findings } = await withProof(original, original.proof(5).replace('index 5\n', 'index 6\n'));
    expect(code).toBe(2);
    expect(findings).toMatchObject([{ kind: 'worthless', code: 'proof-inclusion' }]);
  });
});

describe('an earlier export that proves nothing', () => {
  it.each([
    ['whose block was changed', original.lines.with(3, unsignedHeader(original.lines[3] ?? '')), 'block-signature'],
    ['whose last block was invented', original.lines.with(5, invented(original.lines[5] ?? '')), 'block-signature'],
  ])('is one %s: exit 2', async (_what, lines, code) => {
    const found = await findingsOf(original, [lines]);
    expect(found).toMatchObject({ code: 2, verdict: 'could-not-check', findings: [{ kind: 'worthless', code }] });
  });

  it.each([
    ['is empty', []],
    ['holds something else', ['{"hello":1}']],
    ['holds a ledger alone', original.lines.slice(0, 1)],
  ])('is a file that %s: exit 2 before anything is read', async (_what, lines) => {
    const { code, stdout, stderr } = await verify(original, [lines]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('is no export');
  });
});

/** The line of a block with another time and the signature as it was. */
function unsignedHeader(line: string): string {
  const { signature } = JSON.parse(line);
  return JSON.stringify({ ...JSON.parse(withHeader(line, (header) => header.fill(7, 48, 52))), signature });
}

/** The line of a block with an index that the ledger has not come to, and the signature as it was. */
function invented(line: string): string {
  const { signature } = JSON.parse(line);
  return JSON.stringify({ ...JSON.parse(withHeader(line, (header) => header.fill(9, 11, 12))), signature });
}
