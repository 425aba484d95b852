// Who a ledger says it is, the checkpoint that it publishes, and that both outlive the receiver.

import { laneOf, toHex } from '@telltale/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STRICT } from '../testing/key-requests.ts';
import { mustAccept } from '../testing/post-readings.ts';
import { checkpointOf, type SealedLog, startSealedLog } from '../testing/sealed-log.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver } from '../testing/test-receiver.ts';
import { until } from '../testing/until.ts';

let log: SealedLog;
beforeAll(async () => {
  log = await startSealedLog(60);
});
afterAll(() => log.stop());

async function textAt(path: string): Promise<string> {
  const response = await fetch(`${log.receiver.url}${path}`);
  expect(response.status, path).toBe(200);
  return response.text();
}

describe('GET /v1/ledger', () => {
  it('names origin, key, lane, mode and the newest block', async () => {
    const { rows } = await log.stored.pool.query<{ block_index: bigint; hash: Buffer; header: Buffer }>(
      'SELECT block_index, hash, header FROM blocks ORDER BY block_index DESC LIMIT 1',
    );
    const { key } = log;
    expect(JSON.parse(await textAt('/v1/ledger'))).toEqual({
      origin: log.stored.identity.origin,
      public_key: Buffer.from(key.spki).toString('base64'),
      key_id: toHex(key.keyId),
      lane: toHex(laneOf(key.keyId)),
      verifier_key: expect.stringContaining(`${log.stored.identity.origin}+`),
      head: {
        index: Number(rows[0]?.block_index),
        hash: rows[0]?.hash.toString('hex'),
        log_size: log.tree.size,
        log_root: toHex(log.tree.root()),
        timestamp: Number(rows[0]?.header.readBigUInt64BE(44)),
      },
      mode: 'open',
      plugins: [],
    });
  });

  it('says strict where only enrolled keys are accepted, and an empty log before the first block', async () => {
    const strict = await startTestReceiver({ variables: STRICT });
    try {
      const answer = await (await fetch(`${strict.url}/v1/ledger`)).json();
      expect(answer).toMatchObject({ mode: 'strict', head: { index: 0, log_size: 0 } });
      expect(await (await fetch(`${strict.url}/checkpoint`)).text()).toContain(
        '\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— ',
      );
    } finally {
      await strict.stop();
    }
  });
});

describe('GET /checkpoint', () => {
  it('is a note that the ledger signed over the size and root of the log, and that caches ask for again', async () => {
    const response = await fetch(`${log.receiver.url}/checkpoint`);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    const { checkpoint } = await checkpointOf(log);
    expect(checkpoint.size).toBe(log.tree.size);
    expect(toHex(checkpoint.root)).toBe(toHex(log.tree.root()));
  });
});

describe('a receiver on the same database', () => {
  it('serves the same bytes: another one beside it, and the same one after a restart', async () => {
    const id = log.receipts[40]?.transaction_id ?? '';
    const paths = [
      '/v1/ledger',
      '/checkpoint',
      '/v1/export',
      `/v1/readings/${id}`,
      `/v1/readings/${id}/proof`,
      '/v1/readings?proof=1',
      `/v1/consistency?from=3&to=${log.tree.size}`,
      `/tile/0/000.p/${log.tree.size}`,
      `/tile/entries/000.p/${log.tree.size}`,
    ];
    const before = await Promise.all(paths.map(textAt));
    const beside = await startTestReceiver({ beside: log.receiver });
    try {
      const others = await Promise.all(paths.map(async (path) => (await fetch(`${beside.url}${path}`)).text()));
      expect(others).toEqual(before);
    } finally {
      await beside.stop();
    }
    await log.receiver.restart();
    expect(await Promise.all(paths.map(textAt))).toEqual(before);
  });

  it('publishes what another one sealed', async () => {
    const beside = await startTestReceiver({ beside: log.receiver });
    try {
      await mustAccept(log.receiver.url, makeDevice().envelope('{"device":"late"}'), '?wait=sealed');
      await until('both publish one checkpoint', async () => {
        const notes = await Promise.all(
          [log.receiver.url, beside.url].map(async (url) => (await fetch(`${url}/checkpoint`)).text()),
        );
        return notes[0] === notes[1] && notes[0]?.split('\n')[1] === String(log.tree.size + 2);
      });
    } finally {
      await beside.stop();
    }
  });
});
