// The two probes of a whole receiver, while what it depends on goes away and comes back.

import { targetUrl } from '@telltale/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type FaultProxy, startFaultProxy } from '../testing/fault-proxy.ts';
import { type LedgerRows, openLedgerRows } from '../testing/ledger-rows.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';

let receiver: TestReceiver;
let standingBy: TestReceiver;
let proxy: FaultProxy;
let rows: LedgerRows;

beforeAll(async () => {
  receiver = await startTestReceiver();
  proxy = await startFaultProxy(targetUrl(receiver.database.target));
  standingBy = await startTestReceiver({ beside: receiver, databaseUrl: proxy.url });
  rows = openLedgerRows(receiver);
});
afterAll(async () => {
  await standingBy.stop();
  proxy.close();
  await rows.close();
  await receiver.stop();
});

const answer = z.record(z.string(), z.string());
const probe = async ({ url }: TestReceiver, path = '/readyz') => {
  const response = await fetch(`${url}${path}`);
  return [response.status, answer.parse(await response.json())] as const;
};
const ready = { status: 'ready', database: 'ok', migrations: 'current', sealer: 'sealing' };
const untilProbed = (of: TestReceiver) => expect.poll(() => probe(of), { timeout: 20_000 });

describe('/readyz', () => {
  it('is 200 for the receiver that seals and for the one that stands by', async () => {
    await untilProbed(receiver).toEqual([200, ready]);
    await untilProbed(standingBy).toEqual([200, { ...ready, sealer: 'standing-by' }]);
  });

  it('is 503 while the sealer fails, and 200 once sealing goes on', async () => {
    await rows.pool.query('ALTER TABLE sealer_lease RENAME TO lease_out_of_reach');
    try {
      await untilProbed(receiver).toEqual([503, { ...ready, status: 'not-ready', sealer: 'failing' }]);
    } finally {
      await rows.pool.query('ALTER TABLE lease_out_of_reach RENAME TO sealer_lease');
    }
    await untilProbed(receiver).toEqual([200, expect.objectContaining({ status: 'ready' })]);
  });

  it('is 503 on a database without a migration of this version, and 200 on one with a newer migration', async () => {
    await rows.pool.query(`UPDATE schema_migrations SET name = 'x_' || name WHERE name LIKE '0001_%'`);
    const [status, body] = await probe(receiver);
    expect([status, body['migrations']]).toEqual([503, 'behind']);
    await rows.pool.query(`UPDATE schema_migrations SET name = substr(name, 3) WHERE name LIKE 'x_%'`);
    await rows.pool.query(`INSERT INTO schema_migrations (name, run_on) VALUES ('9999_future', now())`);
    await untilProbed(receiver).toEqual([200, expect.objectContaining({ migrations: 'newer' })]);
    await rows.pool.query(`DELETE FROM schema_migrations WHERE name = '9999_future'`);
  });

  it('is 503 when the database is away, while /healthz says that the process answers', async () => {
    proxy.close();
    await untilProbed(standingBy).toEqual([
      503,
      { status: 'not-ready', database: 'unavailable', migrations: 'unknown', sealer: 'failing' },
    ]);
    expect(await probe(standingBy, '/healthz')).toEqual([200, { status: 'ok' }]);
  });
});
