// Where a database is: a URL that somebody configured, or the socket folder of the embedded server. Not a connection.

import type { ClientConfig } from 'pg';

/** The address of one database. A `socket` target is reached through `<folder>/.s.PGSQL.<port>` and never over a network. */
export type ConnectionTarget =
  | { kind: 'url'; url: string }
  | { kind: 'socket'; folder: string; port: number; user: string; database: string };

/** The target as node-postgres takes it. */
export function clientConfig(target: ConnectionTarget): ClientConfig {
  switch (target.kind) {
    case 'url':
      return { connectionString: target.url };
    case 'socket':
      return { host: target.folder, port: target.port, user: target.user, database: target.database };
    default:
      return target satisfies never;
  }
}

/** The target as a DATABASE_URL, for example for a child process. A socket becomes `postgresql:///db?host=/folder&port=…&user=…`. */
export function targetUrl(target: ConnectionTarget): string {
  if (target.kind === 'url') return target.url;
  const query = new URLSearchParams({ host: target.folder, port: String(target.port), user: target.user });
  return `postgresql:///${encodeURIComponent(target.database)}?${query.toString()}`;
}

/** The same server and user, another database. */
export function withDatabase(target: ConnectionTarget, database: string): ConnectionTarget {
  if (target.kind === 'socket') return { ...target, database };
  const url = new URL(target.url);
  if (url.protocol === 'socket:') {
    url.searchParams.set('db', database);
  } else {
    url.pathname = `/${encodeURIComponent(database)}`;
  }
  return { kind: 'url', url: url.href };
}

/** The target in words for an error message: never a password, and of a URL only the host, the port and the database. */
export function describeTarget(target: ConnectionTarget): string {
  if (target.kind === 'socket') return `${target.database} in ${target.folder}`;
  if (!URL.canParse(target.url)) return 'the configured database';
  const url = new URL(target.url);
  const host = url.searchParams.get('host') ?? url.hostname;
  return `${url.pathname.slice(1)} at ${host}${url.port === '' ? '' : `:${url.port}`}`;
}
