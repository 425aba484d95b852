// What a sender sees when the database goes away or an answer is lost: 503 with Retry-After, and the same receipts when it sends again.

import { openPool, targetUrl } from '@telltale/database';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../testing/fault-proxy.ts';
import { type LedgerRows, openLedgerRows } from '../testing/ledger-rows.ts';
import { mustAccept, postReadings, type TestAnswer, validateChainOf } from '../testing/post-readings.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';

const device = makeDevice();
let receiver: TestReceiver;
let behindProxy: TestReceiver;
let proxy: FaultProxy;
let rows: LedgerRows;
/** Of the server, not of the receiver's database. */
let admin: Pool;

beforeAll(async () => {
  receiver = await startTestReceiver({ variables: { BLOCK_MAX_WAIT_MS: '50' } });
  proxy = await startFaultProxy(targetUrl(receiver.database.target));
  behindProxy = await startTestReceiver({ beside: receiver, databaseUrl: proxy.url });
  rows = openLedgerRows(receiver);
  const connection = inject('testServer');
  admin = openPool({ connection, applicationName: 'telltale-test-admin', maxConnections: 1, onError: () => undefined });
});
afterAll(async () => {
  await behindProxy.stop();
  proxy.close();
  await rows.close();
  await admin.end();
  await receiver.stop();
});

function expectComeAgain(answer: TestAnswer): void {
  expect(answer).toMatchObject({ statusCode: 503, status: 'error', receipts: [] });
  expect(answer.headers.get('retry-after')).toBe('1');
  // Nothing of the inside: no host, no SQL, no word of PostgreSQL's.
  expect(answer.message).toBe('the readings could not be stored for certain; send them again soon');
}

describe('an answer to COMMIT that is lost', () => {
  it('is a 503, and the message sent again has the place that it was given', async () => {
    const body = `[${device.envelope('{"device":"cut","n":1}')},${device.envelope('{"device":"cut","n":2}')}]`;
    const before = await rows.counts();
    proxy.cutNextCommit('after');
    expectComeAgain(await postReadings(behindProxy.url, body));
    expect(proxy.cuts).toBe(1);
    const stored = await rows.counts();
    expect(stored.leaves).toBe(before.leaves + 3);
    const receipts = await mustAccept(behindProxy.url, body);
    expect(receipts.map((receipt) => receipt.leaf_index)).toEqual([before.leaves + 1, before.leaves + 2]);
    for (const receipt of receipts) expect(await rows.isSigned(receipt)).toBe(true);
    expect(await rows.counts()).toEqual(stored);
  });

  it('is a 503 also when COMMIT never arrived, and then nothing is stored', async () => {
    const body = device.envelope('{"device":"lost","n":1}');
    const before = await rows.counts();
    proxy.cutNextCommit('before');
    expectComeAgain(await postReadings(behindProxy.url, body));
    expect(await rows.counts()).toEqual(before);
    expect(await mustAccept(behindProxy.url, body)).toMatchObject([{ leaf_index: before.leaves + 1 }]);
  });
});

describe('a database that goes away', () => {
  it('is a 503 until it is back; then the same request succeeds, and sealing goes on', async () => {
    const { rows: names } = await rows.pool.query<{ name: string }>('SELECT current_database() AS name');
    const name = names[0]?.name ?? '';
    const body = device.envelope('{"device":"away","n":1}');
    const before = await rows.counts();
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    try {
      await terminateSessions(name);
      for (let i = 0; i < 3; i++) expectComeAgain(await postReadings(receiver.url, body));
      expect((await fetch(`${receiver.url}/healthz`)).status).toBe(200);
    } finally {
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    }
    expect(await rows.counts()).toEqual(before);
    const [receipt] = await mustAccept(receiver.url, body, '?wait=sealed');
    expect(receipt?.block_index).toBeDefined();
    expect(await validateChainOf(receiver.url)).toMatchObject({ valid: true });
  });

  it('may cut sessions while many requests run: each is answered, and sent again until 200 has one leaf', async () => {
    const { rows: names } = await rows.pool.query<{ name: string }>('SELECT current_database() AS name');
    const name = names[0]?.name ?? '';
    const before = await rows.counts();
    const envelopes = Array.from({ length: 60 }, (_, n) => device.envelope(`{"device":"terminate","n":${n}}`));
    const statuses = new Set<number>();
    const sendUntilTaken = async (body: string) => {
      for (;;) {
        const answer = await postReadings(receiver.url, body);
        statuses.add(answer.statusCode);
        if (answer.statusCode !== 503) return answer.receipts[0]?.leaf_index;
      }
    };
    const sending = Promise.all(envelopes.map(sendUntilTaken));
    for (let i = 0; i < 10; i++) await terminateSessions(name);
    const indexes = await sending;
    expect([...statuses].filter((status) => status !== 503)).toEqual([200]);
    expect(new Set(indexes).size).toBe(envelopes.length);
    expect((await rows.counts()).leaves).toBe(before.leaves + envelopes.length + 1);
    expect(await validateChainOf(receiver.url)).toMatchObject({ valid: true });
  });
});

async function terminateSessions(database: string): Promise<void> {
  await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database]);
}
