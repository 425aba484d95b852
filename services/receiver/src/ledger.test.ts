// Founding a ledger and opening it again: identity, key file and difficulty. What the process says of it is in test/faults.

import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPool } from '@telltale/database';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import { createVerifier, toHex, verifyBlockSignature } from '@telltale/ledger';
import type { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type Ledger, openLedger } from './ledger.ts';
import { loadHead, readBlocks } from './store/block-store.ts';

const AT_US = 1_700_000_000_123_456;

describe('openLedger', () => {
  let database: TestDatabase;
  let pool: Pool;
  let folder: string;
  let keyFile: string;

  beforeEach(async () => {
    database = await createTestDatabase(inject('testServer'));
    const connection = database.target;
    pool = openPool({ connection, applicationName: 'test', maxConnections: 4, onError: () => undefined });
    folder = await mkdtemp(join(tmpdir(), 'telltale-ledger-'));
    keyFile = join(folder, 'keys', 'ledger-key.pem');
  });
  afterEach(async () => {
    await pool.end();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (options: { origin?: string; difficultyBits?: number; keyFile?: string } = {}): Promise<Ledger> =>
    openLedger(pool, {
      keyFile: options.keyFile ?? keyFile,
      origin: options.origin,
      difficultyBits: options.difficultyBits ?? 8,
      nowUs: () => AT_US,
    });

  it('founds a ledger on an empty database: key file, identity and a signed genesis block', async () => {
    const ledger = await open();
    expect(ledger.origin).toBe(`telltale.local/${toHex(ledger.lane)}`);
    const { header, hash } = await loadHead(pool);
    expect(header).toMatchObject({ index: 0, logSize: 0, difficultyBits: 0, nonce: 0n, timestampUs: AT_US });
    expect(toHex(header.lane)).toBe(toHex(ledger.key.keyId).slice(0, 24));
    const verifier = createVerifier(ledger.key);
    if (!verifier.ok) throw new Error(verifier.message);
    for await (const { signature } of readBlocks(pool, { start: 0, end: 1 })) {
      const { origin } = ledger;
      expect(await verifyBlockSignature({ origin, hash, signature, verify: verifier.value })).toBe(true);
    }
  });

  it('makes a key file that nobody else may read, in a folder that nobody else may enter, and leaves nothing beside it', async () => {
    await open();
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'keys'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, 'keys'))).toEqual(['ledger-key.pem']);
    expect(await readFile(keyFile, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  it('opens the same ledger again, with the origin of genesis when none is given', async () => {
    const founded = await open({ origin: 'example.org/cold-chain' });
    const again = await open();
    expect(again.origin).toBe('example.org/cold-chain');
    expect(toHex(again.key.keyId)).toBe(toHex(founded.key.keyId));
    expect((await loadHead(pool)).header.index).toBe(0);
  });

  it('founds with a key that an operator put there', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const own = join(folder, 'own.pem');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeFile(own, pem);
    await open({ keyFile: own });
    expect(await readFile(own, 'utf8')).toBe(pem);
  });

  it('refuses another origin than that of genesis', async () => {
    await open({ origin: 'example.org/one' });
    await expect(open({ origin: 'example.org/two' })).rejects.toMatchObject({
      code: 'ledger-mismatch',
      message: expect.stringContaining('example.org/one'),
    });
  });

  it('refuses another key than that of genesis', async () => {
    await open();
    const other = join(folder, 'other.pem');
    const { privateKey } = generateKeyPairSync('ed25519');
    await writeFile(other, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await expect(open({ keyFile: other })).rejects.toMatchObject({
      code: 'ledger-mismatch',
      message: expect.stringContaining('LEDGER_KEY_FILE'),
    });
  });

  it('refuses to go on without the key file of a founded ledger, and makes no new one', async () => {
    await open();
    await rm(keyFile);
    await expect(open()).rejects.toMatchObject({ code: 'ledger-key', message: expect.stringContaining(keyFile) });
    expect(await readdir(join(folder, 'keys'))).toEqual([]);
  });

  it('refuses a key file that holds no key, and one of another algorithm', async () => {
    const file = join(folder, 'strange.pem');
    await writeFile(file, 'not a key');
    await expect(open({ keyFile: file })).rejects.toMatchObject({ code: 'ledger-key' });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await expect(open({ keyFile: file })).rejects.toMatchObject({
      code: 'ledger-key',
      message: expect.stringContaining('Ed25519'),
    });
  });

  it('refuses a difficulty below that of the newest block, and takes the same or a higher one', async () => {
    await open();
    // The header's difficulty_bits stand at offset 104 (format.md "Block header").
    await pool.query(`UPDATE blocks SET header = set_byte(header, 107, 12)`);
    await expect(open({ difficultyBits: 8 })).rejects.toMatchObject({
      code: 'difficulty-fell',
      message: expect.stringContaining('DIFFICULTY 3'),
    });
    await open({ difficultyBits: 12 });
    await open({ difficultyBits: 16 });
  });

  it('gives two that found one empty database together one key and one genesis', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    expect(toHex(one.key.keyId)).toBe(toHex(two.key.keyId));
    const { rows } = await pool.query<{ blocks: bigint }>('SELECT count(*) AS blocks FROM blocks');
    expect(rows).toEqual([{ blocks: 1n }]);
    expect(await readdir(join(folder, 'keys'))).toEqual(['ledger-key.pem']);
  });

  it('gives the second of two with different key files the first one’s ledger to match, and no second genesis', async () => {
    const results = await Promise.allSettled([open(), open({ keyFile: join(folder, 'other', 'key.pem') })]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = results.find((result) => result.status === 'rejected');
    expect(refused?.reason).toMatchObject({ code: 'ledger-mismatch' });
  });

  it('takes up where a crash between making and placing the key left an unfinished file', async () => {
    await writeFile(join(folder, `ledger-key.pem.${process.pid}.new`), 'half a k');
    const ledger = await open({ keyFile: join(folder, 'ledger-key.pem') });
    expect(ledger.origin).toContain('telltale.local/');
  });

  it('says so when the key file cannot be made', async () => {
    await writeFile(join(folder, 'keys'), 'a file where a folder should be');
    await expect(open()).rejects.toMatchObject({ code: 'ledger-key', message: expect.stringContaining(keyFile) });
  });
});
