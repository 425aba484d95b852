// Signed records and storage receipts: round trips, every bit of them, what a lane may say, and the rule that merges records.

import { asHash, sha256, toHex, utf8 } from '@telltale/ledger';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idOfNode, nodeIdOf } from '../node-id.ts';
import { blockName, blockRecord, readBlockStatement } from './block-statement.ts';
import { mergeRecords } from './record-rule.ts';
import { readRecord, recordKey, recordKeys, type SignedRecord, signRecord } from './signed-record.ts';
import { receiptFromJson, receiptToJson, signStorageReceipt, verifyStorageReceipt } from './storage-receipt.ts';
import { checkItem } from './stored-item.ts';
import { blockItem, chunkItem } from './testing/store-suite.ts';
import { laneKey, TEST_RING_ID, testSigner } from './testing/test-keys.ts';

function recordOf(bytes: Uint8Array): SignedRecord {
  const record = readRecord(bytes);
  if (!record.ok) throw new Error(record.message);
  return record.value;
}

function withBit(bytes: Uint8Array, bit: number): Uint8Array {
  const altered = Uint8Array.from(bytes);
  altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return altered;
}

const statement = {
  lane: laneKey(1).lane,
  height: 7,
  headerHash: sha256(utf8('header')),
  bodyHash: sha256(utf8('body')),
  bodyBytes: 1_234,
};

describe('a signed record', () => {
  it('reads back what was signed', () => {
    const owner = testSigner(1);
    const chunk = {
      kind: 'chunk' as const,
      owner: owner.nodeKey,
      name: utf8('n'),
      version: 2 ** 53 - 1,
      value: utf8('v'),
    };
    expect(recordOf(signRecord(chunk, owner.sign))).toMatchObject({ ...chunk, name: Uint8Array.from(chunk.name) });
  });

  it('is refused after any one bit has changed, cut anywhere, or with a byte more', () => {
    const { bytes } = chunkItem({ owner: testSigner(1), name: 'name', version: 3, value: 'value' });
    for (let bit = 0; bit < bytes.length * 8; bit++) expect(readRecord(withBit(bytes, bit)).ok).toBe(false);
    for (let end = 0; end < bytes.length; end++) expect(readRecord(bytes.subarray(0, end)).ok).toBe(false);
    expect(readRecord(Buffer.concat([bytes, new Uint8Array(1)])).ok).toBe(false);
  });

  it('gives a verdict on any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => !readRecord(bytes).ok));
  });

  it('belongs under the key of its kind and name only', () => {
    const item = chunkItem({ owner: testSigner(1), name: 'n', version: 1, value: 'v' });
    const given = { type: 'record' as const, bytes: item.bytes };
    expect(checkItem({ ...given, key: recordKey('chunk', utf8('n')) }).ok).toBe(true);
    expect(checkItem({ ...given, key: recordKey('block', utf8('n')) })).toMatchObject({ code: 'record-key' });
    expect(checkItem({ ...given, key: recordKey('chunk', utf8('m')) })).toMatchObject({ code: 'record-key' });
  });
});

describe('a record of a block', () => {
  it('says lane, height, hashes and length, and stands under both names', () => {
    const lane = laneKey(1);
    const record = recordOf(signRecord(blockRecord(lane.rawKey, statement), lane.sign));
    expect(readBlockStatement(record)).toEqual(statement);
    expect(recordKeys(record)).toEqual([
      recordKey('block', blockName(statement)),
      recordKey('block', statement.headerHash),
    ]);
  });

  it('is refused of any key but the lane’s, with a version, and for a body that is too long', () => {
    const other = laneKey(2);
    const lane = laneKey(1);
    const good = blockRecord(lane.rawKey, statement);
    expect(() => signRecord(blockRecord(other.rawKey, statement), other.sign)).toThrow(/key of the lane/);
    expect(() => signRecord({ ...good, version: 1 }, lane.sign)).toThrow(RangeError);
    const long = blockRecord(lane.rawKey, { ...statement, bodyBytes: 64 * 1024 * 1024 + 1 });
    expect(() => signRecord(long, lane.sign)).toThrow(RangeError);
  });
});

describe('merging records', () => {
  it('gives the same records in whatever order they come', () => {
    const chunks = [1, 2, 3].flatMap((version) =>
      [1, 2].map((node) => chunkItem({ owner: testSigner(node), name: 'n', version, value: `${version}` })),
    );
    const ties = ['x', 'y'].map((value) => chunkItem({ owner: testSigner(1), name: 'n', version: 3, value }));
    const records = [...chunks, ...ties, ...['a', 'b', 'c'].map(blockItem)].map(({ bytes }) => recordOf(bytes));
    const expected = mergeRecords(records).map(({ id }) => id);
    expect(expected.length).toBe(4);
    const shuffled = fc.shuffledSubarray(records, { minLength: records.length });
    fc.assert(
      fc.property(shuffled, (order) => {
        expect(
          mergeRecords(order)
            .map(({ id }) => id)
            .toSorted(),
        ).toEqual(expected.toSorted());
      }),
    );
  });
});

describe('a storage receipt', () => {
  const signer = testSigner(1);
  const receipt = signStorageReceipt(signer, { id: nodeIdOf(sha256(utf8('v'))), sizeBytes: 5, storedAtUs: 1_700_000 });

  it('names the node that signed it', () => {
    expect(verifyStorageReceipt(TEST_RING_ID, receipt)).toBe(idOfNode(signer.nodeKey));
    const read = receiptFromJson(receiptToJson(receipt), receipt.id);
    expect(read).toEqual({ ...receipt, signature: Uint8Array.from(receipt.signature) });
  });

  it('signs purpose, ring, item, length and time, in this order', () => {
    const texts: string[] = [];
    const sign = (text: Uint8Array) => {
      texts.push(toHex(text));
      return new Uint8Array(64);
    };
    signStorageReceipt({ ...signer, sign }, receipt);
    const numbers = '0000000000000005' + '000000000019f0a0';
    expect(texts).toEqual([toHex(utf8('telltale-storage-receipt-v1\n')) + TEST_RING_ID + receipt.id + numbers]);
  });

  it('is refused with any one bit, number or ring changed', () => {
    for (let bit = 0; bit < 512; bit++) {
      expect(
        verifyStorageReceipt(TEST_RING_ID, { ...receipt, signature: withBit(receipt.signature, bit) }),
      ).toBeUndefined();
    }
    for (let bit = 0; bit < 256; bit++) {
      expect(
        verifyStorageReceipt(TEST_RING_ID, { ...receipt, nodeKey: withBit(receipt.nodeKey, bit) }),
      ).toBeUndefined();
      const id = nodeIdOf(withBit(Buffer.from(receipt.id, 'hex'), bit));
      expect(verifyStorageReceipt(TEST_RING_ID, { ...receipt, id })).toBeUndefined();
    }
    expect(verifyStorageReceipt(TEST_RING_ID, { ...receipt, sizeBytes: 6 })).toBeUndefined();
    expect(verifyStorageReceipt(TEST_RING_ID, { ...receipt, storedAtUs: 1 })).toBeUndefined();
    expect(verifyStorageReceipt(nodeIdOf(asHash(new Uint8Array(32))), receipt)).toBeUndefined();
  });
});
