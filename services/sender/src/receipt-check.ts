// Whether a receipt speaks of exactly the message that was sent, and, where the ledger's key is known, whether the ledger signed it.
// Only a receipt that passes may cost a message its place in the outbox. Source: format.md, "Leaf" and "Receipts and proofs".

import {
  createVerifier,
  encodeLeaf,
  fromBase64,
  LEAF_KIND,
  laneOf,
  leafHash,
  parsePublicKey,
  toHex,
  type Verifier,
  verifyReceipt,
} from '@telltale/ledger';
import type { OutboxMessage } from './outbox.ts';
import type { ReceivedReceipt } from './receiver-answer.ts';
import { StartError } from './start-error.ts';

/**
 * `unmatched`: of another leaf than this message with this signature. ECDSA and RSA-PSS give other bytes each time, so a message that was
 * signed twice gets the receipt of its first signature for ever. `untrusted`: not signed by the ledger, so it says nothing.
 */
type ReceiptVerdict = { kind: 'passed' } | { kind: 'unmatched'; code: string } | { kind: 'untrusted'; code: string };

export type ReceiptCheck = (message: OutboxMessage, receipt: ReceivedReceipt) => Promise<ReceiptVerdict>;

/** The ledger whose signature receipts must carry. */
export type TrustedLedger = Readonly<{ verify: Verifier; origin: string }>;

/**
 * @param ledger.origin undefined means the default origin of that key, `telltale.local/<lane hex>`
 * @throws StartError `config` when the text is no Ed25519 key
 */
export function trustLedger(ledger: { publicKeyBase64: string; origin: string | undefined }): TrustedLedger {
  const spki = fromBase64(ledger.publicKeyBase64);
  const key = spki && parsePublicKey(spki);
  if (!key?.ok) throw new StartError('config', 'LEDGER_PUBLIC_KEY is no public key');
  const verifier = createVerifier(key.value);
  if (!verifier.ok) throw new StartError('config', `LEDGER_PUBLIC_KEY: ${verifier.message}`);
  return {
    verify: verifier.value,
    origin: ledger.origin ?? `telltale.local/${toHex(laneOf(key.value.keyId))}`,
  };
}

/** @param ledger undefined: the receipt's contents are checked, its signature is not */
export function createReceiptCheck(ledger: TrustedLedger | undefined): ReceiptCheck {
  return async (message, receipt) => {
    // The signature first: what nobody signed must not pass for the ledger's word on this message.
    if (ledger !== undefined) {
      const verified = await verifyReceipt({ ...ledger, receipt });
      if (!verified.ok) return { kind: 'untrusted', code: verified.code };
    }
    if (receipt.transaction_id !== message.transactionIdHex) return { kind: 'unmatched', code: 'transaction-id-wrong' };
    // A message sent again has the leaf of its first acceptance; the outbox keeps one signature a message, so the bytes agree.
    const leaf = encodeLeaf({
      kind: LEAF_KIND.reading,
      algorithm: message.key.algorithm,
      receivedAtUs: receipt.received_at,
      keyId: message.key.keyId,
      signature: message.signature,
      message: message.message,
    });
    return receipt.leaf_hash === toHex(leafHash(leaf))
      ? { kind: 'passed' }
      : { kind: 'unmatched', code: 'leaf-hash-wrong' };
  };
}
