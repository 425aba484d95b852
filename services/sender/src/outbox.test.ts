// The outbox on a real disk. What a kill -9 does to it is in main.test.ts.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadDeviceKey } from './key-file.ts';
import { type Outbox, openOutbox } from './outbox.ts';
import { createSigner, type Signer } from './signer.ts';
import { temporaryFolders } from './testing/temporary-folder.ts';

const newFolder = temporaryFolders();

const open = (folder: string, receiptsKept = 100) =>
  openOutbox({ file: join(folder, 'outbox.sqlite'), receiptsKept, nowUs: () => 1_000_000 });

const newSigner = async (folder: string) =>
  createSigner(await loadDeviceKey({ path: join(folder, 'key.pem'), algorithm: 'ecdsa-p256' }));

const add = async (outbox: Outbox, signer: Signer, texts: string[], nextSeqs: [string, number][] = []) => {
  const messages = await Promise.all(
    texts.map(async (text) => ({ message: Buffer.from(text), signature: await signer.sign(Buffer.from(text)) })),
  );
  return outbox.add({ key: signer.key, messages, nextSeqs: new Map(nextSeqs) });
};

const waiting = (outbox: Outbox) => outbox.oldest({ limit: 100, sizeBytes: 1_000_000, sizeOf: () => 1 });
const textsOf = (outbox: Outbox) => waiting(outbox).map(({ message }) => Buffer.from(message).toString());

describe('the outbox', () => {
  it('gives back after a restart what it stored, oldest first, and the seq counters', async () => {
    const folder = newFolder();
    const signer = await newSigner(folder);
    const outbox = open(folder);
    expect(outbox.nextSeq('a')).toBe(0);
    await add(outbox, signer, ['{"n":1}', '{"n":2}'], [['a', 2]]);
    const before = waiting(outbox);
    outbox.close();

    const again = open(folder);
    expect(waiting(again)).toEqual(before);
    expect(textsOf(again)).toEqual(['{"n":1}', '{"n":2}']);
    expect(again.nextSeq('a')).toBe(2);
    expect(again.counts()).toEqual({ waiting: 2, deadLetters: 0, delivered: 0 });
    again.close();
  });

  it('stores nothing of a batch that fails, its seq counters included', async () => {
    const folder = newFolder();
    const signer = await newSigner(folder);
    const outbox = open(folder);
    await expect(add(outbox, signer, ['{"n":1}'], [['a', -1]])).rejects.toThrow('CHECK');
    expect(outbox.counts().waiting).toBe(0);
    expect(textsOf(outbox)).toEqual([]);
    expect(outbox.nextSeq('a')).toBe(0);
    outbox.close();
  });

  it('does not store a message twice while it waits or has its receipt, whatever its signature', async () => {
    const folder = newFolder();
    const signer = await newSigner(folder);
    const outbox = open(folder);
    expect(await add(outbox, signer, ['{"n":1}', '{"n":1}'])).toBe(1);
    expect(await add(outbox, signer, ['{"n":1}'])).toBe(0);
    const receipted = waiting(outbox).map((message) => ({ message, receiptJson: '{}' }));
    outbox.settle({ receipted, refused: [], postponed: [], unmatched: [] });
    expect(await add(outbox, signer, ['{"n":1}'])).toBe(0);
    expect(outbox.counts()).toEqual({ waiting: 0, deadLetters: 0, delivered: 1 });
    outbox.close();
  });

  it('lets postponed messages go last, and bounds a batch by size but never to nothing', async () => {
    const folder = newFolder();
    const outbox = open(folder);
    await add(outbox, await newSigner(folder), ['{"n":1}', '{"n":2}', '{"n":3}']);
    outbox.settle({ receipted: [], refused: [], postponed: waiting(outbox).slice(0, 1), unmatched: [] });
    expect(textsOf(outbox)).toEqual(['{"n":2}', '{"n":3}', '{"n":1}']);
    const fresh = outbox.oldest({ limit: 100, sizeBytes: 1000, sizeOf: () => 1, isFreshOnly: true });
    expect(fresh.map(({ id }) => id)).toEqual([2, 3]);
    const sizeOf = () => 10;
    expect(outbox.oldest({ limit: 100, sizeBytes: 20, sizeOf })).toHaveLength(2);
    expect(outbox.oldest({ limit: 100, sizeBytes: 1, sizeOf })).toHaveLength(1);
    expect(outbox.oldest({ limit: 1, sizeBytes: 99, sizeOf })).toHaveLength(1);
    outbox.close();
  });

  it('keeps refused messages, pages them, and puts them back on demand', async () => {
    const folder = newFolder();
    const outbox = open(folder);
    await add(outbox, await newSigner(folder), ['{"n":1}', '{"n":2}']);
    const [first, second] = waiting(outbox);
    const refused = [first, second].flatMap((message) =>
      message === undefined ? [] : [{ message, code: 'key-unknown', reason: 'who is it?' }],
    );
    outbox.settle({ receipted: [], refused, postponed: [], unmatched: [] });
    expect(outbox.counts()).toEqual({ waiting: 0, deadLetters: 2, delivered: 0 });
    const [newest] = outbox.deadLetters({ before: Number.MAX_SAFE_INTEGER, limit: 1 });
    expect(newest).toEqual({
      id: 2,
      transactionIdHex: second?.transactionIdHex,
      code: 'key-unknown',
      reason: 'who is it?',
      refusedAtUs: 1_000_000,
      receiptJson: undefined,
    });
    expect(outbox.deadLetters({ before: 2, limit: 5 }).map(({ id }) => id)).toEqual([1]);
    expect(outbox.retryDeadLetters()).toBe(2);
    expect(outbox.counts()).toEqual({ waiting: 2, deadLetters: 0, delivered: 0 });
    expect(textsOf(outbox)).toEqual(['{"n":1}', '{"n":2}']);
    outbox.close();
  });

  it('keeps a message whose receipts never matched with the last of them, takes it no second time, and counts anew on retry', async () => {
    const folder = newFolder();
    const signer = await newSigner(folder);
    const outbox = open(folder);
    await add(outbox, signer, ['{"n":1}']);
    const postponed = waiting(outbox);
    const unmatched = postponed.map((message) => ({ message, receiptJson: '{"r":1}' }));
    outbox.settle({ receipted: [], refused: [], postponed, unmatched });
    outbox.close();

    const again = open(folder);
    expect(waiting(again)).toMatchObject([{ postponements: 1, unmatchedReceipts: 1 }]);
    const messages = waiting(again);
    again.settle({
      receipted: [],
      refused: messages.map((message) => ({ message, code: 'receipt-unmatched', reason: 'r' })),
      postponed: [],
      unmatched: messages.map((message) => ({ message, receiptJson: '{"r":2}' })),
    });
    expect(again.deadLetters({ before: 10, limit: 10 })).toMatchObject([
      { code: 'receipt-unmatched', receiptJson: '{"r":2}' },
    ]);
    expect(await add(again, signer, ['{"n":1}'])).toBe(0);
    expect(again.counts()).toEqual({ waiting: 0, deadLetters: 1, delivered: 0 });
    expect(again.retryDeadLetters()).toBe(1);
    expect(waiting(again)).toMatchObject([{ postponements: 0, unmatchedReceipts: 0 }]);
    again.close();
  });

  it('keeps only the newest receipts', async () => {
    const folder = newFolder();
    const outbox = open(folder, 2);
    await add(outbox, await newSigner(folder), ['{"n":1}', '{"n":2}', '{"n":3}']);
    const messages = waiting(outbox);
    const receipted = messages.map((message) => ({ message, receiptJson: `{"id":${message.id}}` }));
    outbox.settle({ receipted, refused: [], postponed: [], unmatched: [] });
    const ids = messages.map(({ transactionIdHex }) => Buffer.from(transactionIdHex, 'hex'));
    expect(ids.map((id) => outbox.receiptOf(id))).toEqual([undefined, '{"id":2}', '{"id":3}']);
    outbox.close();
  });

  it('is refused to a second sender', () => {
    const folder = newFolder();
    const outbox = open(folder);
    expect(() => open(folder)).toThrow('is in use by another sender');
    outbox.close();
    open(folder).close();
  });
});
