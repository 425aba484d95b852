// A TCP proxy before a test database that cuts a session once COMMIT has passed through, so that its answer never arrives.

import { connect, createServer, type Socket } from 'node:net';
import pg from 'pg';
import { type ConnectionTarget, clientConfig } from '../connection-target.ts';
import { until } from './embedded-fixture.ts';

/** The proxied database, and the end of the proxy. */
export type CutProxy = { target: ConnectionTarget; close(): void };

function upstreamSocket(client: pg.Client): Socket {
  return client.host.startsWith('/')
    ? connect(`${client.host}/.s.PGSQL.${client.port}`)
    : connect(client.port, client.host);
}

/** Cuts the client off as soon as `isCommitted` holds after a COMMIT was forwarded. */
export async function startCutProxy(target: ConnectionTarget, isCommitted: () => Promise<boolean>): Promise<CutProxy> {
  const upstream = new pg.Client(clientConfig(target));
  const server = createServer((downstream) => {
    const database = upstreamSocket(upstream);
    let isCut = false;
    downstream.on('error', () => database.destroy());
    database.on('error', () => downstream.destroy());
    downstream.on('close', () => database.destroy());
    database.on('data', (bytes) => {
      if (!isCut) downstream.write(bytes);
    });
    downstream.on('data', async (bytes) => {
      database.write(bytes);
      if (!bytes.includes('COMMIT\0')) return;
      isCut = true;
      await until('the transaction is committed', isCommitted);
      downstream.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no TCP port');
  const url = new URL(`postgresql://127.0.0.1:${address.port}/${upstream.database ?? ''}`);
  url.username = upstream.user ?? '';
  url.password = upstream.password ?? '';
  return { target: { kind: 'url', url: url.href }, close: () => server.close() };
}
