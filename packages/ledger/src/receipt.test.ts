// Receipts: the golden ones, every position of every small group commit, and every alteration.

import { describe, expect, it } from 'vitest';
import { fromUtf8, toBase64, toHex, utf8 } from './bytes.ts';
import { sha256 } from './hash.ts';
import { leafHash } from './leaf.ts';
import { MerkleTree } from './merkle.ts';
import { issueReceipts, type Receipt, type ReceiptEntry, receiptLine, verifyReceipt } from './receipt.ts';
import { receiptText } from './signed-text.ts';
import { bytesOf, hashOf, readGolden } from './testing/golden.ts';

const { vectors, ledger, device } = readGolden();
const { origin } = vectors;
const SEAL_BY_US = 1_717_979_375_000_000;

describe('the golden receipts', () => {
  // The readings of the first group commit: leaves 1 and 3.
  const entries = [1, 3].map((index) => goldenEntry(index));

  it('have the golden lines', () => {
    expect(entries.map(receiptLine)).toEqual(vectors.receipt.lines);
  });

  it('have the golden root over their lines, and sign the golden text', () => {
    const tree = new MerkleTree(vectors.receipt.lines.map((line) => leafHash(utf8(line))));
    expect(toHex(tree.root())).toBe(vectors.receipt.root);
    const text = receiptText({ origin, root: hashOf(vectors.receipt.root), sealByUs: SEAL_BY_US });
    expect(fromUtf8(text)).toBe(vectors.receipt.signed_text);
  });

  it('are what issueReceipts makes, with the golden signature and paths', async () => {
    const receipts = issueReceipts({ origin, sealByUs: SEAL_BY_US, entries, sign: ledger.sign });
    const signature = toBase64(bytesOf(vectors.receipt.signature));
    expect(receipts).toEqual(
      [1, 3].map((index, position) => ({
        transaction_id: vectors.leaves[index]?.transaction_id,
        leaf_index: index,
        leaf_hash: vectors.leaves[index]?.leaf_hash,
        received_at: vectors.leaves[index]?.received_at,
        seal_by: SEAL_BY_US,
        position,
        count: 2,
        path: vectors.receipt.paths[position],
        signature,
      })),
    );
    for (const receipt of receipts) expect((await verify(receipt)).ok).toBe(true);
  });
});

describe('verifyReceipt', () => {
  it('accepts every receipt of a group commit, for each number of readings from 1 to 9', async () => {
    for (let count = 1; count <= 9; count++) {
      const entries = entriesOf(count);
      const receipts = issueReceipts({ origin, sealByUs: 0, entries, sign: ledger.sign });
      expect(new Set(receipts.map((receipt) => receipt.signature)).size).toBe(1);
      for (const [position, receipt] of receipts.entries()) {
        const verdict = await verify(receipt);
        expect(verdict.ok && hexOf(verdict.value)).toEqual(hexOf(entries[position]));
      }
    }
  });

  it('refuses a receipt of which anything that it promises was altered', async () => {
    for (let count = 1; count <= 9; count++) {
      for (const receipt of receiptsOf(count)) {
        const altered: Receipt[] = [
          { ...receipt, leaf_index: receipt.leaf_index + 1 },
          { ...receipt, leaf_hash: flipped(receipt.leaf_hash) },
          { ...receipt, received_at: receipt.received_at - 1 },
          { ...receipt, seal_by: receipt.seal_by + 1 },
          { ...receipt, seal_by: 0 },
          { ...receipt, signature: toBase64(device.sign(utf8('something else'))) },
          { ...receipt, signature: '' },
          { ...receipt, path: [...receipt.path, receipt.leaf_hash] },
          ...(count > 1 ? [{ ...receipt, path: receipt.path.slice(1) }] : []),
          ...receipt.path.map((hash, i) => ({ ...receipt, path: receipt.path.with(i, flipped(hash)) })),
        ];
        for (const wrong of altered) expect((await verify(wrong)).ok, JSON.stringify(wrong)).toBe(false);
      }
    }
  });

  it('takes position and count only as the turns of the path: they cannot change what is promised', async () => {
    // (0, 5) to (0, 8) turn the same way and lead to the same signed root; the entry that comes out is the same.
    const [receipt] = receiptsOf(5);
    if (!receipt) throw new Error('no receipt');
    const entry = await verify(receipt);
    for (const [position, count, isSame] of [
      [0, 6, true],
      [0, 8, true],
      [0, 4, false],
      [0, 9, false],
      [1, 5, false],
      [2, 5, false],
      [4, 5, false],
      [5, 5, false],
      [-1, 5, false],
      [0, 0, false],
      [0.5, 5, false],
    ] as const) {
      const verdict = await verify({ ...receipt, position, count });
      expect(verdict.ok, `${position} of ${count}`).toBe(isSame);
      if (verdict.ok) expect(hexOf(verdict.value)).toEqual(hexOf(entry.ok ? entry.value : undefined));
    }
  });

  it('does not cover the transaction id, which its holder compares with its own', async () => {
    const [receipt] = receiptsOf(3);
    if (!receipt) throw new Error('no receipt');
    expect((await verify({ ...receipt, transaction_id: flipped(receipt.transaction_id) })).ok).toBe(true);
  });

  it('refuses the receipt of another reading, origin or key', async () => {
    const [first, second] = receiptsOf(2);
    if (!first || !second) throw new Error('no receipts');
    expect(await verify({ ...first, path: second.path })).toMatchObject({ ok: false, code: 'receipt-signature' });
    expect((await verifyReceipt({ origin: 'elsewhere', verify: ledger.verify, receipt: first })).ok).toBe(false);
    expect((await verifyReceipt({ origin, verify: device.verify, receipt: first })).ok).toBe(false);
  });

  it('refuses hashes and signatures in any other spelling', async () => {
    const [receipt] = receiptsOf(2);
    if (!receipt) throw new Error('no receipt');
    for (const wrong of [
      { ...receipt, leaf_hash: receipt.leaf_hash.toUpperCase() },
      { ...receipt, leaf_hash: receipt.leaf_hash.slice(2) },
      { ...receipt, transaction_id: '' },
      { ...receipt, path: ['00'] },
      { ...receipt, signature: receipt.signature.replace(/=+$/, '') },
      { ...receipt, signature: `${receipt.signature}\n` },
    ]) {
      expect(await verify(wrong)).toMatchObject({ ok: false, code: 'receipt-malformed' });
    }
  });

  it('refuses a path that does not fit position and count', async () => {
    const [receipt] = receiptsOf(2);
    if (!receipt) throw new Error('no receipt');
    for (const wrong of [
      { ...receipt, position: 2 },
      { ...receipt, count: 1 },
      { ...receipt, path: [] },
    ]) {
      expect(await verify(wrong)).toMatchObject({ ok: false, code: 'receipt-path' });
    }
  });
});

function verify(receipt: Receipt) {
  return verifyReceipt({ origin, verify: ledger.verify, receipt });
}

function hexOf(entry: ReceiptEntry | undefined) {
  if (!entry) throw new Error('no entry');
  return { ...entry, transactionId: toHex(entry.transactionId), leafHash: toHex(entry.leafHash) };
}

function goldenEntry(index: number): ReceiptEntry {
  const leaf = vectors.leaves[index];
  if (!leaf) throw new RangeError(`no golden leaf ${index}`);
  return {
    transactionId: hashOf(leaf.transaction_id),
    leafIndex: index,
    leafHash: hashOf(leaf.leaf_hash),
    receivedAtUs: leaf.received_at,
  };
}

function entriesOf(count: number): ReceiptEntry[] {
  return Array.from({ length: count }, (_, i) => ({
    transactionId: sha256(utf8(`transaction ${i}`)),
    leafIndex: 10 + 2 * i,
    leafHash: sha256(utf8(`leaf ${i}`)),
    receivedAtUs: SEAL_BY_US - 1000 + i,
  }));
}

function receiptsOf(count: number): Receipt[] {
  return issueReceipts({ origin, sealByUs: SEAL_BY_US, entries: entriesOf(count), sign: ledger.sign });
}

/** The hexadecimal text of the same hash with its last bit flipped. */
function flipped(hex: string): string {
  return hex.slice(0, -1) + (Number.parseInt(hex.slice(-1), 16) ^ 1).toString(16);
}
