// Request bodies of the Python ancestor, byte for byte, sent to the receiver's process: each gets the verdict of the manifest.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openPool } from '@telltale/database';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

interface Manifest {
  readonly bodies: readonly { readonly file: string; readonly status: number; readonly why: string }[];
}

const wireFolder = fileURLToPath(new URL('../wire/liotbchain/', import.meta.url));
const receiverMain = fileURLToPath(new URL('../../services/receiver/src/main.ts', import.meta.url));
const manifest: Manifest = JSON.parse(await readFile(join(wireFolder, 'manifest.json'), 'utf8'));

let database: TestDatabase;
let pool: ReturnType<typeof openPool>;
let folder: string;
let receiver: ChildProcess;
let url: string;

beforeAll(async () => {
  database = await createTestDatabase(inject('testServer'));
  pool = openPool({
    connection: database.target,
    applicationName: 'test',
    maxConnections: 1,
    onError: () => undefined,
  });
  folder = await mkdtemp(join(tmpdir(), 'telltale-interoperation-'));
  receiver = spawn(process.execPath, [receiverMain], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      DATA_DIR: folder,
      DATABASE_URL: database.url,
      BLOCK_MAX_WAIT_MS: '50',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  url = await listeningUrl(receiver);
});

afterAll(async () => {
  const exited = once(receiver, 'exit');
  receiver.kill('SIGTERM');
  await exited;
  await pool.end();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** The address in the log line that says that the receiver listens. */
async function listeningUrl(process: ChildProcess): Promise<string> {
  if (!process.stdout) throw new Error('the receiver has no output');
  for await (const line of createInterface(process.stdout)) {
    const entry: { url?: string } = JSON.parse(line);
    if (entry.url === undefined) continue;
    // Read on, or the pipe would fill.
    process.stdout.resume();
    return entry.url;
  }
  throw new Error('the receiver ended before it listened');
}

/** Everything that is stored, in one text. */
async function storedState(): Promise<unknown> {
  const { rows } = await pool.query(
    `SELECT (SELECT count(*) FROM leaves) AS leaves, (SELECT count(*) FROM transactions) AS transactions,
            (SELECT count(*) FROM keys) AS keys, (SELECT count(*) FROM key_devices) AS devices, log_counter::text AS counter
       FROM log_counter`,
  );
  return rows[0];
}

async function send(body: Uint8Array<ArrayBuffer>) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/receive_data?wait=sealed`, { method: 'POST', headers, body });
  const answer: { status: string; receipts?: { leaf_index: number; block_index?: number }[]; errors?: unknown[] } =
    await response.json();
  return { statusCode: response.status, ...answer };
}

describe('a body of liotbchain', () => {
  it('stands in the manifest, each of them', async () => {
    const files = (await readdir(wireFolder)).filter((file) => file !== 'manifest.json');
    expect(files.toSorted()).toEqual(manifest.bodies.map((body) => body.file).toSorted());
  });

  it.each(manifest.bodies)('$file ($why) is answered with $status', async ({ file, status }) => {
    const body = new Uint8Array(await readFile(join(wireFolder, file)));
    const before = await storedState();
    const answer = await send(body);
    expect(answer.statusCode).toBe(status);
    if (status === 400) {
      expect(answer.status).toBe('error');
      expect(answer.errors).not.toHaveLength(0);
      expect(await storedState()).toEqual(before);
      return;
    }
    expect(answer.status).toBe('success');
    expect(answer.receipts?.every((receipt) => receipt.block_index !== undefined)).toBe(true);
    const stored = await storedState();
    expect((await send(body)).receipts?.map((receipt) => receipt.leaf_index)).toEqual(
      answer.receipts?.map((receipt) => receipt.leaf_index),
    );
    expect(await storedState()).toEqual(stored);
  });

  it('leaves its data in the chain as it was signed', async () => {
    const chain = Buffer.from(await (await fetch(`${url}/get_chain`)).arrayBuffer());
    const accepted = manifest.bodies.filter((body) => body.status === 200);
    for (const { file } of accepted) {
      const text = await readFile(join(wireFolder, file), 'utf8');
      // The Python sender writes each envelope as {"data": <what was signed>, "signature": …
      const messages = [...text.matchAll(/"data": ?(\{.*?\}), ?"(?:signature|public_key)"/g)].map((match) => match[1]);
      expect(messages.length, file).toBeGreaterThan(0);
      for (const message of messages) expect(chain.includes(message ?? ''), `${file}: ${message}`).toBe(true);
    }
  });

  it('leaves a chain that is valid', async () => {
    expect(await (await fetch(`${url}/validate_chain`)).json()).toMatchObject({ valid: true, pending: 0 });
  });
});
