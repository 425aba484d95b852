// What every store of replication must do: one suite, run against memory and PostgreSQL.

import { asKeyId, encodeBlockBody, encodeLeaf, LEAF_KIND, readingTransactionId, sha256, utf8 } from '@telltale/ledger';
import { beforeEach, describe, expect, it } from 'vitest';
import { type NodeId, nodeIdOf } from '../../node-id.ts';
import { blockName, blockRecord } from '../block-statement.ts';
import { FIRST_KEY, LAST_KEY, rangeOfPrefix, rangesOf } from '../key-range.ts';
import { byKeyAndId, childDigest, type ReplicaStore, type StoreRequest } from '../replica-store.ts';
import { recordKey, signRecord } from '../signed-record.ts';
import type { ReceiptSigner } from '../storage-receipt.ts';
import { checkItem, type ItemName, nameOf, type StoredItem, valueItem } from '../stored-item.ts';
import { laneKey, testSigner } from './test-keys.ts';

const WHOLE = [{ first: FIRST_KEY, last: LAST_KEY }];
const LIMIT_BYTES = 1_000;
const peer = (byte: number): NodeId => nodeIdOf(new Uint8Array(32).fill(byte));

/** The value that the text stands for. */
export function textItem(text: string): StoredItem {
  return valueItem(utf8(text));
}

/** A record of kind 'chunk' under its key. */
export function chunkItem(chunk: { owner: ReceiptSigner; name: string; version: number; value: string }): StoredItem {
  const name = utf8(chunk.name);
  const statement = {
    kind: 'chunk' as const,
    owner: chunk.owner.nodeKey,
    name,
    version: chunk.version,
    value: utf8(chunk.value),
  };
  return checked({ type: 'record', key: recordKey('chunk', name), bytes: signRecord(statement, chunk.owner.sign) });
}

/** A lane's record of the block at height 1, whose body has the hash of this text, under (lane, height). */
export function blockItem(text: string): StoredItem {
  const lane = laneKey(7);
  const statement = {
    lane: lane.lane,
    height: 1,
    headerHash: sha256(utf8(`h${text}`)),
    bodyHash: sha256(utf8(text)),
    bodyBytes: 5,
  };
  const bytes = signRecord(blockRecord(lane.rawKey, statement), lane.sign);
  return checked({ type: 'record', key: recordKey('block', blockName(statement)), bytes });
}

function checked(given: { type: 'record'; key: NodeId; bytes: Uint8Array }): StoredItem {
  const item = checkItem(given);
  if (!item.ok) throw new Error(item.message);
  return item.value;
}

/** Declares the suite; `open` gives an empty store. */
export function describeReplicaStore(name: string, open: () => Promise<ReplicaStore>): void {
  describe(`the store in ${name}`, () => {
    let store: ReplicaStore;
    beforeEach(async () => {
      store = await open();
    });
    const write = async (item: StoredItem, by: NodeId | null = null, limitBytes = LIMIT_BYTES) => {
      const result = await store.perform({ kind: 'write', item, by, limitBytes, storedAtUs: 1_000 });
      return result.kind === 'written' ? { outcome: result.outcome, isEquivocation: result.isEquivocation } : undefined;
    };
    const outcomeOf = async (...args: Parameters<typeof write>) => (await write(...args))?.outcome;
    const textOf = async (item: ItemName) => {
      const result = await store.perform({ kind: 'read', name: item });
      return result.kind === 'read' && result.bytes ? Buffer.from(result.bytes).toString() : undefined;
    };
    const list = async (request: Omit<Extract<StoreRequest, { kind: 'list' }>, 'kind'>) => {
      const result = await store.perform({ kind: 'list', ...request });
      return result.kind === 'list' ? result.items : [];
    };

    it('gives back a value by its key, and nothing for another', async () => {
      expect(await outcomeOf(textItem('one'))).toBe('new');
      expect(await outcomeOf(textItem('one'))).toBe('present');
      expect(await textOf(textItem('one'))).toBe('one');
      expect(await textOf(textItem('two'))).toBeUndefined();
      expect(await store.usage()).toEqual({ values: 1, records: 0, sizeBytes: 3 });
    });

    it('keeps the higher version of a record, of equal ones the smaller bytes, whatever comes first', async () => {
      const owner = testSigner(1);
      const chunk = (version: number, value: string) => chunkItem({ owner, name: 'n', version, value });
      expect(await outcomeOf(chunk(2, 'b'))).toBe('new');
      expect(await outcomeOf(chunk(1, 'z'))).toBe('superseded');
      expect(await outcomeOf(chunk(3, 'c'))).toBe('new');
      expect(await outcomeOf(chunk(3, 'a'))).toBe('new');
      expect(await outcomeOf(chunk(3, 'b'))).toBe('superseded');
      const kept = await store.perform({ kind: 'records', key: chunk(3, 'a').key });
      expect(kept).toMatchObject({ kind: 'records', records: [expect.anything()] });
      expect(await textOf(chunk(3, 'a'))).toBeDefined();
      expect(await store.usage()).toMatchObject({ records: 1, sizeBytes: chunk(3, 'a').sizeBytes });
    });

    it('keeps records of several owners under one key, up to a bound', async () => {
      for (let byte = 1; byte <= 16; byte++) {
        expect(await outcomeOf(chunkItem({ owner: testSigner(byte), name: 'n', version: 1, value: 'v' }), null)).toBe(
          'new',
        );
      }
      expect(await outcomeOf(chunkItem({ owner: testSigner(17), name: 'n', version: 1, value: 'v' }))).toBe('full');
      expect(await outcomeOf(chunkItem({ owner: testSigner(16), name: 'n', version: 2, value: 'v' }))).toBe('new');
    });

    it('keeps two statements of one lane about one height as evidence, the same two in any order', async () => {
      const [a, b, c] = ['a', 'b', 'c'].map(blockItem).toSorted((x, y) => Buffer.compare(x.bytes, y.bytes));
      if (!a || !b || !c) throw new Error('three statements');
      expect(await write(c)).toEqual({ outcome: 'new', isEquivocation: false });
      expect(await write(b)).toEqual({ outcome: 'new', isEquivocation: true });
      expect(await write(a)).toEqual({ outcome: 'new', isEquivocation: true });
      expect(await write(c)).toEqual({ outcome: 'superseded', isEquivocation: false });
      expect((await list({ ranges: WHOLE, limit: 9 })).map(({ id }) => id)).toEqual([a.id, b.id].toSorted());
    });

    it('keeps no more for a peer than its bytes, and gives them back when items go', async () => {
      expect(await outcomeOf(textItem('12345'), peer(1), 8)).toBe('new');
      expect(await outcomeOf(textItem('6789'), peer(1), 8)).toBe('quota');
      expect(await outcomeOf(textItem('6789'), peer(2), 8)).toBe('new');
      expect(await outcomeOf(textItem('12345'), peer(2), 4)).toBe('present');
      expect(await outcomeOf(textItem('own'), null, 0)).toBe('new');
      const gone = textItem('12345');
      expect(await store.perform({ kind: 'delete', items: [gone, gone] })).toEqual({ kind: 'deleted', count: 1 });
      expect(await textOf(gone)).toBeUndefined();
      expect(await outcomeOf(textItem('abcdefgh'), peer(1), 8)).toBe('new');
      expect(await store.usage()).toEqual({ values: 3, records: 0, sizeBytes: 4 + 3 + 8 });
    });

    it('lists ranges in order, pages of them, and what wraps around', async () => {
      const items = Array.from({ length: 40 }, (_, i) => textItem(`item ${i}`));
      for (const item of items) await write(item);
      const ordered = items.map(nameOf).toSorted(byKeyAndId);
      expect(await list({ ranges: WHOLE, limit: 100 })).toEqual(ordered);
      expect(await list({ ranges: WHOLE, limit: 7 })).toEqual(ordered.slice(0, 7));
      const [after, until] = [ordered[30], ordered[5]];
      if (!after || !until) throw new Error('forty items');
      const wrapped = await list({ ranges: rangesOf({ after: after.key, until: until.key }), limit: 100 });
      expect(wrapped).toEqual([...ordered.slice(0, 6), ...ordered.slice(31)]);
    });

    it('gives the digest of every child, values and records together', async () => {
      const items = Array.from({ length: 60 }, (_, i) =>
        i % 3 === 0 ? chunkItem({ owner: testSigner(1), name: `n${i}`, version: 1, value: '' }) : textItem(`item ${i}`),
      );
      for (const item of items) await write(item, null);
      const ordered = items.map(nameOf).toSorted(byKeyAndId);
      for (const prefix of ['', 'a']) {
        const result = await store.perform({ kind: 'children', ranges: [rangeOfPrefix(prefix)], depth: prefix.length });
        const expected = Array.from('0123456789abcdef', (digit) =>
          childDigest(ordered.filter(({ key }) => key.startsWith(prefix + digit))),
        );
        expect(result).toEqual({ kind: 'children', children: expected });
      }
    });

    it('says which items it does not keep', async () => {
      const record = chunkItem({ owner: testSigner(1), name: 'n', version: 1, value: '' });
      await write(record);
      await write(textItem('here'));
      const other = chunkItem({ owner: testSigner(1), name: 'n', version: 2, value: '' });
      const items = [textItem('here'), textItem('not'), record, other].map(nameOf);
      expect(await store.perform({ kind: 'missing', items })).toEqual({ kind: 'missing', items: [items[1], items[3]] });
    });

    it('finds the bodies that hold a transaction, until they are deleted', async () => {
      const keyId = sha256(utf8('some key'));
      const message = utf8('{"seq":1}');
      const leaf = {
        kind: LEAF_KIND.reading,
        algorithm: 1 as const,
        receivedAtUs: 1,
        signature: new Uint8Array(64),
        message,
      };
      const leaves = [encodeLeaf({ ...leaf, keyId: asKeyId(keyId) })];
      const body = encodeBlockBody({
        header: new Uint8Array(116),
        signature: new Uint8Array(64),
        previousLogSize: 0,
        peaks: [],
        leaves: [...leaves, ...leaves],
      });
      await write(valueItem(body), null);
      await write(textItem('no body'));
      const transactionId = readingTransactionId({ keyId: asKeyId(keyId), message });
      expect(await store.valuesOfTransaction(transactionId, 5)).toEqual([valueItem(body).key]);
      expect(await store.valuesOfTransaction(sha256(transactionId), 5)).toEqual([]);
      await store.perform({ kind: 'delete', items: [valueItem(body)] });
      expect(await store.valuesOfTransaction(transactionId, 5)).toEqual([]);
    });
  });
}
