// A TCP proxy before a test database that breaks or holds a connection around the COMMIT of one kind of transaction, so that its answer
// never comes.

import { connect, createServer, type Socket } from 'node:net';
import pg from 'pg';

export interface FaultProxy {
  /** The database, through the proxy. */
  readonly url: string;
  /** Breaks the next such transaction: before its COMMIT reaches the database, or after the database has done it. */
  cutNextCommit(when: 'before' | 'after'): void;
  /** Resolves when the database has done the next such COMMIT; its answer is then held back for ever. */
  holdNextCommit(): Promise<void>;
  /** Connections that were cut. */
  readonly cuts: number;
  close(): void;
}

/** What only the accept transaction sends. */
const ACCEPT_STATEMENT = 'INSERT INTO leaves';
/** The simple query COMMIT, as node-postgres writes it. */
const COMMIT_STATEMENT = 'COMMIT\0';

/** `statement`: what only the transactions send that are meant; those that accept readings, where it is not given. */
export async function startFaultProxy(databaseUrl: string, statement = ACCEPT_STATEMENT): Promise<FaultProxy> {
  const upstream = new pg.Client({ connectionString: databaseUrl });
  const sockets = new Set<Socket>();
  let planned: 'before' | 'after' | 'hold' | undefined;
  let held = Promise.withResolvers<void>();
  let cuts = 0;

  const server = createServer((downstream) => {
    const database = openUpstream(upstream);
    let isAccepting = false;
    let isCutAfterAnswer = false;
    let isHeld = false;
    const cut = () => {
      cuts++;
      downstream.destroy();
      database.destroy();
    };
    for (const socket of [downstream, database]) {
      sockets.add(socket);
      // The other end hears of it by the 'close' that follows.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        downstream.destroy();
        database.destroy();
      });
    }
    database.on('data', (bytes) => {
      // PostgreSQL answers COMMIT once it has happened.
      if (isCutAfterAnswer) cut();
      else if (isHeld) held.resolve();
      else downstream.write(bytes);
    });
    downstream.on('data', (bytes) => {
      if (bytes.includes(statement)) isAccepting = true;
      if (isAccepting && bytes.includes(COMMIT_STATEMENT)) {
        isAccepting = false;
        const when = planned;
        planned = undefined;
        if (when === 'before') {
          cut();
          return;
        }
        isCutAfterAnswer = when === 'after';
        isHeld = when === 'hold';
      }
      database.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no TCP port');
  const url = new URL(`postgresql://127.0.0.1:${address.port}/${upstream.database ?? ''}`);
  url.username = upstream.user ?? '';
  url.password = upstream.password ?? '';
  return {
    url: url.href,
    cutNextCommit(when) {
      planned = when;
    },
    holdNextCommit() {
      planned = 'hold';
      held = Promise.withResolvers<void>();
      return held.promise;
    },
    get cuts() {
      return cuts;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function openUpstream(client: pg.Client): Socket {
  return client.host.startsWith('/')
    ? connect(`${client.host}/.s.PGSQL.${client.port}`)
    : connect(client.port, client.host);
}
