// Pages of the chain as it is shown, in a real database. What they are made into is in http/get-chain.test.ts.

import { inTransaction, openPool } from '@telltale/database';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import type { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { readBlockPage, readMessagePage } from './chain-page-store.ts';
import { ensurePartitions } from './leaf-store.ts';

let database: TestDatabase;
let pool: Pool;

beforeEach(async () => {
  database = await createTestDatabase(inject('testServer'));
  pool = openPool({
    connection: database.target,
    applicationName: 'test',
    maxConnections: 2,
    onError: () => undefined,
  });
  await inTransaction(pool, { isolation: 'read committed' }, (client) => ensurePartitions(client, 0));
});
afterEach(async () => {
  await pool.end();
  await database.drop();
});

/** format.md "Leaf": kind, algorithm, time, key, length of the signature, signature, message. */
async function storeLeaf(leafIndex: number, of: { kind: number; signatureBytes: number; message: Uint8Array }) {
  await pool.query(
    `INSERT INTO leaves VALUES ($1, decode(lpad(to_hex($2::int), 2, '0') || repeat('01', 41) || lpad(to_hex($3::int), 4, '0')
                                           || repeat('ff', $3::int), 'hex') || $4::bytea)`,
    [leafIndex, of.kind, of.signatureBytes, of.message],
  );
}
const storeReading = (leafIndex: number, text: string) =>
  storeLeaf(leafIndex, { kind: 1, signatureBytes: 64, message: Buffer.from(text) });

const ROOMY = { maxLeaves: 100, maxBytes: 100_000 };

describe('readMessagePage', () => {
  it('gives messages as they were signed, whatever the length of the signature, and nothing for registry leaves', async () => {
    const texts = ['{"a":1}', '{"é":"😀\u2028\\u0000\ufeff"}', '{\n\t"b" : -0.0 }'];
    for (const [i, text] of texts.entries()) {
      await storeLeaf(i, { kind: 1, signatureBytes: i * 255, message: Buffer.from(text) });
    }
    await storeLeaf(3, { kind: 2, signatureBytes: 0, message: Uint8Array.of(0, 255) });
    await storeReading(4, '{}');
    expect(await readMessagePage(pool, { start: 0, ...ROOMY })).toEqual([...texts, '', '{}']);
    expect(await readMessagePage(pool, { start: 2, ...ROOMY })).toEqual([texts[2], '', '{}']);
    expect(await readMessagePage(pool, { start: 3, maxLeaves: 1, maxBytes: 1 })).toEqual(['']);
    expect(await readMessagePage(pool, { start: 5, ...ROOMY })).toEqual([]);
  });

  it('is bounded by leaves and by bytes, and gives one leaf however large it is', async () => {
    for (let i = 0; i < 6; i++) await storeReading(i, `{"n":"${'x'.repeat(1_000)}"}`);
    expect(await readMessagePage(pool, { start: 0, maxLeaves: 4, maxBytes: 100_000 })).toHaveLength(4);
    expect(await readMessagePage(pool, { start: 0, maxLeaves: 6, maxBytes: 2_000 })).toHaveLength(2);
    expect(await readMessagePage(pool, { start: 5, maxLeaves: 6, maxBytes: 1 })).toHaveLength(1);
  });

  it('refuses a gap, at its start too, and what was not accepted so', async () => {
    for (const i of [0, 1, 3]) await storeReading(i, '{}');
    await expect(readMessagePage(pool, { start: 0, ...ROOMY })).rejects.toThrow(/leaf of 0 to 3 is not stored/);
    await expect(readMessagePage(pool, { start: 2, ...ROOMY })).rejects.toThrow(/leaf of 2 to 3 is not stored/);
    await storeReading(2, '{"two":\u001e"messages"}');
    await expect(readMessagePage(pool, { start: 0, ...ROOMY })).rejects.toThrow(/is not stored as it was/);
    await storeLeaf(4, { kind: 1, signatureBytes: 0, message: Uint8Array.of(0xff) });
    await expect(readMessagePage(pool, { start: 4, ...ROOMY })).rejects.toThrow(/invalid byte sequence/);
  });
});

describe('readBlockPage', () => {
  it('gives headers and hashes in order, as many as asked for, and refuses a gap', async () => {
    await pool.query(
      `INSERT INTO blocks (block_index, hash, log_size, header, signature)
       SELECT i, sha256(int8send(i)), i, decode(repeat(lpad(to_hex(i), 2, '0'), 116), 'hex'), decode(repeat('00', 64), 'hex')
         FROM generate_series(0, 9) AS i`,
    );
    const page = await readBlockPage(pool, { start: 2, maxBlocks: 3 });
    expect(page.map((shown) => shown.length)).toEqual([148, 148, 148]);
    expect(page.map((shown) => Array.from(new Set(shown.subarray(0, 116))))).toEqual([[2], [3], [4]]);
    // printf '\0\0\0\0\0\0\0\2' | sha256sum
    expect(Buffer.from(page[0] ?? []).toString('hex', 116)).toBe(
      'cd04a4754498e06db5a13c5f371f1f04ff6d2470f24aa9bd886540e5dce77f70',
    );
    expect(await readBlockPage(pool, { start: 10, maxBlocks: 3 })).toEqual([]);
    await pool.query('DELETE FROM blocks WHERE block_index = 5');
    expect(await readBlockPage(pool, { start: 0, maxBlocks: 5 })).toHaveLength(5);
    await expect(readBlockPage(pool, { start: 3, maxBlocks: 5 })).rejects.toThrow(/block of 3 to 8 is not stored/);
  });
});
