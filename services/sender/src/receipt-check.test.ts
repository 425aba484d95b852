// Receipts against golden vectors that a separate implementation made.

import { asKeyId, fromHex } from '@telltale/ledger';
import { describe, expect, it } from 'vitest';
import type { OutboxMessage } from './outbox.ts';
import { createReceiptCheck, trustLedger } from './receipt-check.ts';

// From the project's golden vectors (format-v1.json: leaves[1] and receipt), made by a separate implementation.
const LEDGER_SPKI_HEX = '302a300506032b65700321008139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394';
const KEY_ID_HEX = 'fd110d301d2f077de1414b8f99f441b1403fab207b2052fbd2c065e4ee8e7dc2';
const SIGNATURE_HEX =
  '1f07970ee2410bc6b7b1ccdb15cb46bd4e94ba674a00a07ed57159df1cb5c17220fde480b068be51ff014a6c2ca28647e61b1881666e84602946f013beeba00f';
const RECEIPT = {
  transaction_id: 'ae621ab9ea9ad0783572eed7964b5ea81605293abd327959f7b32f93ca967155',
  leaf_index: 1,
  leaf_hash: '80fef31dcb2cda5a2ea0b05e8e7c34b1d4379f253ec09ad44f4aafb13b9299a4',
  received_at: 1717979369500000,
  seal_by: 1717979375000000,
  position: 0,
  count: 2,
  path: ['1a400798ec468c75e970bc7258b63b48c0a63ce1eb929b92aa4c1075b4d0a5fe'],
  signature: Buffer.from(
    '43b3cd33ac0266f8a8b7024f0b2a145bea4c91891d7f993e83955e4aedcff21bd8fd9bae916ef134a803231f570de5e9f7ee3aa2548c895db6d40d17a3fee70e',
    'hex',
  ).toString('base64'),
};

const bytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array(0);

const MESSAGE: OutboxMessage = {
  id: 1,
  transactionIdHex: RECEIPT.transaction_id,
  message: Buffer.from('{"device": "Raspberry Pi 1", "distance": 120, "timestamp": 1717979369.25}'),
  signature: bytes(SIGNATURE_HEX),
  key: { keyId: asKeyId(bytes(KEY_ID_HEX)), algorithm: 1, publicKeyPem: '' },
  postponements: 0,
  unmatchedReceipts: 0,
};

const LEDGER = { publicKeyBase64: Buffer.from(LEDGER_SPKI_HEX, 'hex').toString('base64'), origin: undefined };

describe('the check of a receipt', () => {
  it('passes the golden receipt, with and without the key of the ledger', async () => {
    expect(await createReceiptCheck(undefined)(MESSAGE, RECEIPT)).toEqual({ kind: 'passed' });
    expect(await createReceiptCheck(trustLedger(LEDGER))(MESSAGE, RECEIPT)).toEqual({ kind: 'passed' });
  });

  it.each([
    ['another transaction', { transaction_id: '00'.repeat(32) }, 'transaction-id-wrong'],
    ['another leaf', { leaf_hash: '00'.repeat(32) }, 'leaf-hash-wrong'],
    ['another time', { received_at: RECEIPT.received_at + 1 }, 'leaf-hash-wrong'],
  ])(
    'finds that a receipt with %s does not match, where no key of the ledger is known',
    async (_name, change, code) => {
      expect(await createReceiptCheck(undefined)(MESSAGE, { ...RECEIPT, ...change })).toEqual({
        kind: 'unmatched',
        code,
      });
    },
  );

  it('finds that a receipt does not match a message that was signed again, although the ledger signed it', async () => {
    const again = { ...MESSAGE, signature: bytes('00'.repeat(64)) };
    expect(await createReceiptCheck(trustLedger(LEDGER))(again, RECEIPT)).toEqual({
      kind: 'unmatched',
      code: 'leaf-hash-wrong',
    });
  });

  it.each([
    ['another leaf', { leaf_hash: '00'.repeat(32) }, 'receipt-signature'],
    ['another time', { received_at: RECEIPT.received_at + 1 }, 'receipt-signature'],
    ['another leaf index', { leaf_index: 2 }, 'receipt-signature'],
    ['another promise', { seal_by: 0 }, 'receipt-signature'],
    ['a path that does not fit', { path: [] }, 'receipt-path'],
    ['a signature that is no base64', { signature: '%' }, 'receipt-malformed'],
  ])('trusts no receipt with %s', async (_name, change, code) => {
    const check = createReceiptCheck(trustLedger(LEDGER));
    expect(await check(MESSAGE, { ...RECEIPT, ...change })).toEqual({ kind: 'untrusted', code });
  });

  it('refuses a receipt that was signed for another origin', async () => {
    const check = createReceiptCheck(trustLedger({ ...LEDGER, origin: 'elsewhere.example/log' }));
    expect(await check(MESSAGE, RECEIPT)).toEqual({ kind: 'untrusted', code: 'receipt-signature' });
  });
});
