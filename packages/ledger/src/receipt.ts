// Receipts: the ledger's signed word that a reading has a place in the log. One signature serves all readings of a group commit.
// Source: format.md "Receipts and proofs".

import { fromBase64, toBase64, toHex } from './bytes.ts';
import { type Hash, hashFromHex, sha256Text } from './hash.ts';
import { rootOfInclusion } from './merkle.ts';
import { proveAllInclusions } from './merkle-paths.ts';
import { accept, type Result, refuse } from './result.ts';
import type { Signer, Verifier } from './signature.ts';
import { receiptText } from './signed-text.ts';

/** A receipt as it travels: hexadecimal hashes, base64 signature, times in microseconds since the Unix epoch. It checks alone. */
export interface Receipt {
  readonly transaction_id: string;
  readonly leaf_index: number;
  readonly leaf_hash: string;
  readonly received_at: number;
  /** The time by which the leaf will be in a block; 0: none promised. */
  readonly seal_by: number;
  /** Place of this receipt's line among those of its group commit. */
  readonly position: number;
  /** Number of those lines. */
  readonly count: number;
  readonly path: readonly string[];
  readonly signature: string;
}

/** What a receipt speaks of. */
export interface ReceiptEntry {
  readonly transactionId: Hash;
  readonly leafIndex: number;
  readonly leafHash: Hash;
  readonly receivedAtUs: number;
}

export type ReceiptCode = 'receipt-malformed' | 'receipt-path' | 'receipt-signature';

/** Receipt line: `<leaf index>\n<leaf_hash hex>\n<received_at>\n`. */
export function receiptLine(entry: Omit<ReceiptEntry, 'transactionId'>): string {
  return lineOf(entry, toHex(entry.leafHash));
}

function lineOf(entry: { leafIndex: number; receivedAtUs: number }, leafHashHex: string): string {
  return `${entry.leafIndex}\n${leafHashHex}\n${entry.receivedAtUs}\n`;
}

/** A line as a leaf of the tree that is signed: SHA-256(0x00 ‖ line), RFC 6962 section 2.1. */
function hashOfLine(line: string): Hash {
  return sha256Text(`\0${line}`);
}

/** Receipts for the readings of one group commit, in their order, with a single signature over the tree of their lines. Throws for none. */
export function issueReceipts(group: {
  origin: string;
  sealByUs: number;
  entries: readonly ReceiptEntry[];
  sign: Signer;
}): Receipt[] {
  const { origin, sealByUs, entries } = group;
  const leafHashes = entries.map((entry) => toHex(entry.leafHash));
  const lines = entries.map((entry, i) => hashOfLine(lineOf(entry, leafHashes[i] ?? '')));
  const { root, paths } = proveAllInclusions(lines);
  const signature = toBase64(group.sign(receiptText({ origin, root, sealByUs })));
  // A node stands in the paths of all leaves beside it: its text is made once.
  const texts = new Map<Hash, string>();
  const textOf = (hash: Hash) => {
    const known = texts.get(hash);
    if (known !== undefined) return known;
    const text = toHex(hash);
    texts.set(hash, text);
    return text;
  };
  return entries.map((entry, position) => ({
    transaction_id: toHex(entry.transactionId),
    leaf_index: entry.leafIndex,
    leaf_hash: leafHashes[position] ?? '',
    received_at: entry.receivedAtUs,
    seal_by: sealByUs,
    position,
    count: entries.length,
    path: (paths[position] ?? []).map(textOf),
    signature,
  }));
}

/**
 * Checks that the ledger with this origin and key signed the receipt's leaf index, leaf hash, times. The transaction id is not covered:
 * compare it with your own. Position and count only lead the path: another pair with a path of the same shape checks too.
 */
export async function verifyReceipt(check: {
  origin: string;
  verify: Verifier;
  receipt: Receipt;
}): Promise<Result<ReceiptEntry, ReceiptCode>> {
  const { origin, receipt } = check;
  const transactionId = hashFromHex(receipt.transaction_id);
  const leafHash = hashFromHex(receipt.leaf_hash);
  const path = receipt.path.map(hashFromHex);
  const signature = fromBase64(receipt.signature);
  if (!transactionId || !leafHash || !signature || !path.every((hash) => hash !== undefined)) {
    return refuse('receipt-malformed', 'a hash or the signature of the receipt cannot be read');
  }
  const entry = { transactionId, leafIndex: receipt.leaf_index, leafHash, receivedAtUs: receipt.received_at };
  const line = hashOfLine(receiptLine(entry));
  const root = rootOfInclusion({ leafIndex: receipt.position, treeSize: receipt.count, leafHash: line, path });
  if (!root) return refuse('receipt-path', 'the path of the receipt does not fit its position and count');
  const text = receiptText({ origin, root, sealByUs: receipt.seal_by });
  if (!(await check.verify(text, signature))) {
    return refuse('receipt-signature', 'the signature of the receipt is not the ledger’s');
  }
  return accept(entry);
}
