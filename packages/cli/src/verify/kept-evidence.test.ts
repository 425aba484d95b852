// `telltale verify --receipt --checkpoint` as a process: what only kept receipts and checkpoints can show, attack by attack.

import { asHash, hashFromHex, issueReceipts, type Receipt, signCheckpoint, toHex } from '@telltale/ledger';
import { describe, expect, it } from 'vitest';
import { testKey } from '../../../ledger/src/testing/signing-key.ts';
import { useHomeFolder } from '../testing/home-folder.ts';
import { runCli } from '../testing/run-cli.ts';
import {
  LEDGER_KEY,
  makeLedger,
  ORIGIN,
  otherRoot,
  receiptsOf,
  rewriteLedger,
  type SmallLedger,
  signedCheckpoint,
  VERIFIER_KEY,
} from '../testing/small-ledger.ts';

const home = useHomeFolder();
// Leaf 0 enrols the device; blocks 1 to 4 hold leaves 0-3, 4-6, 7-9 and 10-12.
const ledger = makeLedger({ blocks: 4, perBlock: 3 });
/** As the receiver would tell it today: leaf 5 never was, and everything behind it moved up. */
const rewritten = rewriteLedger(ledger, (leaves, block) => (block === 2 ? leaves.toSpliced(1, 1) : leaves));
/** The end of the log is gone: leaves 10 to 12. */
const shortened = rewriteLedger(ledger, (leaves, block) => (block === 4 ? [] : leaves));
const NEWEST_BLOCK_US = 1_784_246_403_000_003;

interface Kept {
  readonly receipts?: readonly unknown[];
  readonly checkpoints?: readonly string[];
}

async function verify(shown: SmallLedger, kept: Kept, more: readonly string[] = ['--key', VERIFIER_KEY]) {
  const args: string[] = [];
  for (const [i, content] of (kept.receipts ?? []).entries()) {
    args.push('--receipt', await home.write(`receipts-${i}.json`, JSON.stringify(content)));
  }
  for (const [i, content] of (kept.checkpoints ?? []).entries()) {
    args.push('--checkpoint', await home.write(`checkpoint-${i}`, content));
  }
  return runCli(['verify', '-', ...args, ...more], { home: home.path, input: `${shown.lines.join('\n')}\n` });
}

async function findingsOf(shown: SmallLedger, kept: Kept) {
  const { code, stdout } = await verify(shown, kept, ['--key', VERIFIER_KEY, '--json']);
  const { verdict, kept: judged } = JSON.parse(stdout);
  return { code, verdict, findings: judged.findings };
}

const receiptOf = (leafIndex: number): Receipt | undefined => receiptsOf(ledger, { leafIndexes: [leafIndex] })[0];

describe('telltale verify with what the log still holds', () => {
  it('takes one receipt, a list, an answer of /receive_data, and checkpoints of every size, and exits with 0', async () => {
    const list = receiptsOf(ledger, { leafIndexes: [4, 5, 6] });
    const answer = { status: 'success', receipts: [{ ...receiptOf(12), block_index: 4 }] };
    const early = [1, 2, 3].map((blocks) => makeLedger({ blocks, perBlock: 3 }).checkpoint);
    const { code, stdout } = await verify(ledger, {
      receipts: [receiptOf(1), list, answer],
      checkpoints: [...early, makeLedger({ blocks: 0, perBlock: 0 }).checkpoint, ledger.checkpoint],
    });
    expect(stdout).toContain(
      'What you kept (5 receipts, 5 checkpoints) was compared with the log: all of it is signed',
    );
    expect(stdout).toMatch(/^SOUND\./);
    expect(code).toBe(0);
  });

  it('does so without being told whom to trust, by the key that the export brought', async () => {
    const { code, stdout } = await verify(ledger, { receipts: [receiptOf(5)] }, []);
    expect(code).toBe(0);
    expect(stdout).toContain('NOBODY YOU NAMED');
  });
});

describe('a history rewritten with all work and hashes redone by the receiver’s own key', () => {
  it('is sound in itself: without anything kept, nothing can show it', async () => {
    const { code, stdout } = await verify(rewritten, {});
    expect(code).toBe(0);
    expect(stdout).toContain('only checkpoints kept\nelsewhere show');
  });

  it('is caught by a checkpoint that was kept', async () => {
    const kept = makeLedger({ blocks: 2, perBlock: 3 }).checkpoint;
    const { code, stdout } = await verify(rewritten, { checkpoints: [kept] });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^NOT SOUND\. The export fits itself, but not what its ledger signed before\./);
    expect(stdout).toMatch(/checkpoint-0: history was rewritten: the first 7 transactions of this export have root /);
  });

  it('is caught by the receipt of the transaction that was removed', async () => {
    const { code, stdout } = await verify(rewritten, { receipts: [receiptOf(5)] });
    expect(code).toBe(1);
    expect(stdout).toContain('receipts-0.json: the ledger promised leaf 5 to transaction');
    expect(stdout).toContain(`${receiptOf(5)?.transaction_id}, another transaction stands there`);
    expect(stdout).toContain(
      'the promised one appears nowhere in the log: history was rewritten, or the promise was never kept',
    );
  });

  it('is caught by the receipt of a transaction that only moved', async () => {
    const { code, findings } = await findingsOf(rewritten, { receipts: [receiptOf(8)] });
    expect(code).toBe(1);
    expect(findings).toMatchObject([{ kind: 'contradiction', code: 'receipt-other-leaf' }]);
    expect(findings[0].message).toContain('the promised one stands at 7 instead');
  });

  it('is not caught by what was kept from before the place', async () => {
    const checkpoints = [makeLedger({ blocks: 1, perBlock: 3 }).checkpoint];
    expect((await verify(rewritten, { receipts: [receiptOf(4)], checkpoints })).code).toBe(0);
  });
});

describe('a log whose end was removed and whose checkpoint was signed anew', () => {
  it('is caught by a checkpoint that is larger than the log', async () => {
    const { code, findings } = await findingsOf(shortened, { checkpoints: [ledger.checkpoint] });
    expect(code).toBe(1);
    expect(findings).toMatchObject([{ code: 'checkpoint-beyond' }]);
    expect(findings[0].message).toContain('signed a log of 13 transactions, and this export ends after 10');
    expect(findings[0].message).toContain('history was rewritten');
  });

  it('is caught by a receipt whose promised time the newest block has passed', async () => {
    const receipts = receiptsOf(ledger, { leafIndexes: [11], sealByUs: NEWEST_BLOCK_US - 1 });
    const { code, verdict, findings } = await findingsOf(shortened, { receipts });
    expect({ code, verdict }).toEqual({ code: 1, verdict: 'not-sound' });
    expect(findings).toMatchObject([{ kind: 'contradiction', code: 'receipt-overdue' }]);
    expect(findings[0].message).toContain('it broke its promise');
  });

  it.each([
    ['whose promised time is not over by the newest block', NEWEST_BLOCK_US, 'It is promised by 2026-07-17T00:00:03'],
    ['that promises no time', 0, 'The receipt promises no time'],
  ])('is not decided by a receipt %s, and that is said', async (_what, sealByUs, words) => {
    const { code, stdout } = await verify(shortened, { receipts: receiptsOf(ledger, { leafIndexes: [11], sealByUs }) });
    expect(code).toBe(0);
    expect(stdout).toContain('Not decided by this export:\n');
    expect(stdout).toContain('leaf 11 is not in this export, which ends after 10 transactions');
    expect(stdout).toContain(words);
  });
});

describe('what the ledger signed twice', () => {
  it('is two checkpoints of one size with different roots', async () => {
    const { code, findings } = await findingsOf(ledger, { checkpoints: [ledger.checkpoint, otherRoot(ledger)] });
    expect(code).toBe(1);
    expect(findings[0]).toMatchObject({ kind: 'contradiction', code: 'checkpoints-at-odds' });
    expect(findings[0].message).toContain('signed two checkpoints of 13 transactions with different roots');
    expect(findings[0].name).toMatch(/checkpoint-0 and .*checkpoint-1$/);
  });

  it('is two receipts for one index, even where one of them is in the log or the export itself is broken', async () => {
    const receipts = [receiptOf(5), receiptsOf(ledger, { leafIndexes: [6], placeOf: () => 5 })];
    const { code, findings } = await findingsOf(ledger, { receipts });
    expect(code).toBe(1);
    expect(findings.map((finding: { code: string }) => finding.code)).toEqual([
      'receipts-at-odds',
      'receipt-other-leaf',
    ]);
    expect(findings[0].message).toContain('the ledger signed two receipts for leaf 5, for two different transactions');
    const broken = { ...ledger, lines: ledger.lines.slice(0, -1) };
    const { code: brokenCode, stdout } = await verify(broken, { receipts });
    expect(brokenCode).toBe(1);
    expect(stdout).toContain('was not compared with the log, because the export is not sound');
    expect(stdout).toContain('(receipts-at-odds)');
  });

  it('is another time of receipt than the log tells', async () => {
    const [transactionId, leafHash] = [receiptOf(5)?.transaction_id, receiptOf(5)?.leaf_hash].map((hex) =>
      hashFromHex(hex ?? ''),
    );
    if (!transactionId || !leafHash) throw new Error('leaf 5 has no receipt');
    const entries = [{ transactionId, leafIndex: 5, leafHash, receivedAtUs: 1_784_246_400_000_007 }];
    const receipts = issueReceipts({ origin: ORIGIN, sealByUs: 0, entries, sign: LEDGER_KEY.sign });
    const { code, findings } = await findingsOf(ledger, { receipts });
    expect(code).toBe(1);
    expect(findings).toMatchObject([{ kind: 'contradiction', code: 'receipt-time' }]);
    expect(findings[0].message).toContain(
      'received 2026-07-17T00:00:00.000007Z, and the log says 2026-07-17T00:00:02.000001Z',
    );
  });

  it('is not the same receipt from two group commits', async () => {
    const receipts = [receiptOf(5), receiptsOf(ledger, { leafIndexes: [4, 5] })];
    expect((await verify(ledger, { receipts })).code).toBe(0);
  });
});

describe('what proves nothing', () => {
  const stranger = testKey(9);
  const root = asHash(LEDGER_KEY.key.keyId);
  const otherLedger = signCheckpoint(
    { origin: ORIGIN, size: 4, root },
    { spki: stranger.key.spki, sign: stranger.sign },
  );

  it.each<[string, Kept, string]>([
    [
      'a receipt with another leaf hash',
      { receipts: [{ ...receiptOf(5), leaf_hash: toHex(root) }] },
      'receipt-signature',
    ],
    ['a receipt with another time', { receipts: [{ ...receiptOf(5), received_at: 7 }] }, 'receipt-signature'],
    ['a receipt with another path', { receipts: [{ ...receiptOf(5), path: [toHex(root)] }] }, 'receipt-path'],
    ['a receipt without a signature', { receipts: [{ ...receiptOf(5), signature: '?' }] }, 'receipt-malformed'],
    [
      'a receipt with another transaction',
      { receipts: [{ ...receiptOf(5), transaction_id: toHex(root) }] },
      'receipt-transaction',
    ],
    ['a checkpoint of another key', { checkpoints: [otherLedger] }, 'note-unsigned'],
    ['a changed checkpoint', { checkpoints: [ledger.checkpoint.replace('\n13\n', '\n14\n')] }, 'note-signature'],
  ])('is %s: exit 2, and the export is not blamed for it', async (_what, kept, code) => {
    const found = await findingsOf(ledger, kept);
    expect(found).toMatchObject({ code: 2, verdict: 'could-not-check', findings: [{ kind: 'worthless', code }] });
  });

  it('is told in words, and does not hide what the ledger did sign', async () => {
    const { code, stdout } = await verify(ledger, { checkpoints: [otherLedger] });
    expect(code).toBe(2);
    expect(stdout).toMatch(/^NOT WHOLLY CHECKED\./);
    expect(stdout).toContain('Proves nothing:\n');
    const both = await verify(ledger, { checkpoints: [otherLedger, signedCheckpoint({ size: 4, root })] });
    expect(both.code).toBe(1);
    expect(both.stdout).toContain('checkpoint-1: history was rewritten');
  });

  it.each<[string, Kept]>([
    ['no receipt', { receipts: [{ hello: 1 }] }],
    ['an empty list', { receipts: [[]] }],
    ['a receipt for no place', { receipts: [{ ...receiptOf(5), leaf_index: -1 }] }],
    ['no checkpoint', { checkpoints: ['a letter\n'] }],
  ])('is a file that holds %s: exit 2 before anything is read', async (_what, kept) => {
    const { code, stdout, stderr } = await verify(ledger, kept);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/holds no receipts|is no signed checkpoint/);
  });
});
