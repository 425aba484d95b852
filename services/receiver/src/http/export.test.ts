// The export of a running receiver as `telltale verify` reads it, and what slow readers of it may not do.

import { connect, type Socket } from 'node:net';
import { splitLines, verifyExport } from '@telltale/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustAccept } from '../testing/post-readings.ts';
import { checkpointOf, type SealedLog, startSealedLog } from '../testing/sealed-log.ts';
import { makeDevice } from '../testing/test-device.ts';
import { until } from '../testing/until.ts';

let log: SealedLog;
beforeAll(async () => {
  log = await startSealedLog(640);
});
afterAll(() => log.stop());

/** Exports at one time, as export.ts bounds them. */
const MAX_EXPORTS = 16;

async function download(query = ''): Promise<Buffer> {
  const response = await fetch(`${log.receiver.url}/v1/export${query}`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/jsonl; charset=utf-8');
  return Buffer.from(await response.arrayBuffer());
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
}

describe('GET /v1/export', () => {
  it('verifies with the ledger’s key and ends with the checkpoint that is published', async () => {
    const verdict = await verifyExport({
      lines: splitLines(chunksOf(await download())),
      trusted: { key: log.key, origin: log.stored.identity.origin },
    });
    expect(verdict.fault).toBeUndefined();
    expect(verdict.isSound).toBe(true);
    expect(verdict.summary).toMatchObject({ leaves: log.leaves.length, readings: log.receipts.length + 1 });
    expect(verdict.checkpointNote).toBe((await checkpointOf(log)).note);
  });

  it('is the same bytes each time, up to the same checkpoint', async () => {
    const [one, two] = await Promise.all([download(), download()]);
    expect(one.equals(two)).toBe(true);
  });

  it('begins at the block that is asked for, between the same first and last line', async () => {
    const whole = (await download()).toString().split('\n');
    // The ledger, the blocks, the checkpoint, and nothing behind the last line feed.
    const blocks = whole.length - 3;
    expect(blocks).toBeGreaterThan(90);
    for (const from of [0, 1, 2, 63, 64, 65, blocks - 1, blocks]) {
      const part = (await download(`?from_block=${from}`)).toString();
      expect(part, `from ${from}`).toBe(whole.toSpliced(1, from).join('\n'));
    }
  });

  it('is a 409 problem for a block behind the one that comes next', async () => {
    const blocks = (await download()).toString().split('\n').length - 3;
    const response = await fetch(`${log.receiver.url}/v1/export?from_block=${blocks + 1}`);
    expect(response.status).toBe(409);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toMatchObject({ status: 409, code: 'pending' });
  });

  it.each(['', '-1', '0x1', '1.5', ' ', '99999999999999999'])('is a 400 problem for block %j', async (block) => {
    const response = await fetch(`${log.receiver.url}/v1/export?from_block=${encodeURIComponent(block)}`);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toMatchObject({ status: 400, code: 'request-invalid' });
  });

  it('has no HEAD, which would read it all', async () => {
    expect((await fetch(`${log.receiver.url}/v1/export`, { method: 'HEAD' })).status).toBe(404);
  });

  it('breaks off without an end where a block or a leaf was taken away', async () => {
    const { pool } = log.stored;
    const index = log.leaves.length - 3;
    await pool.query('DELETE FROM leaves WHERE leaf_index = $1', [index]);
    try {
      const lines = await download().then(
        (bytes) => bytes.toString(),
        () => 'broken off',
      );
      expect(lines).not.toContain('{"checkpoint"');
    } finally {
      await pool.query('INSERT INTO leaves VALUES ($1, $2)', [index, log.leaves[index]]);
    }
    expect((await download()).toString()).toContain('{"checkpoint"');
  });
});

describe('slow readers of the export', () => {
  it('do not block ingest and sealing, are bounded in number, and make room when they go', async () => {
    const { url, config } = log.receiver;
    expect(config.databaseConnections).toBeLessThan(MAX_EXPORTS);
    await postLarge(url);
    const sockets = await Promise.all(Array.from({ length: MAX_EXPORTS }, () => openStalled(url)));
    try {
      await until('one export more is refused', async () => {
        const response = await fetch(`${url}/v1/export`);
        await response.body?.cancel();
        return response.status === 503 && response.headers.get('retry-after') !== null;
      });
      const device = makeDevice();
      for (let seq = 0; seq < 30; seq++) {
        const [receipt] = await mustAccept(url, device.envelope(`{"device":"busy","seq":${seq}}`), '?wait=sealed');
        expect(receipt?.block_index).toBeGreaterThan(0);
      }
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await until('there is room again', async () => {
      const response = await fetch(`${url}/v1/export`);
      await response.body?.cancel();
      return response.status === 200;
    });
  });
});

/** So much that no socket's buffers take it: 18 MB of messages. */
async function postLarge(url: string): Promise<void> {
  const device = makeDevice();
  for (let request = 0; request < 3; request++) {
    const texts = Array.from({ length: 100 }, (_, i) => `{"n":${100 * request + i},"text":"${'x'.repeat(60_000)}"}`);
    await mustAccept(url, `[${texts.map((text) => device.envelope(text)).join(',')}]`, '?wait=sealed');
  }
}

/** A reader that asks for the export and takes no more of it than its buffers do. */
async function openStalled(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => {
    // It is cut by this side.
  });
  socket.pause();
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(`GET /v1/export HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  return socket;
}
