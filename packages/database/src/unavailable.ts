// Which failures mean that the database is away, and nothing about the request that met them.

import pg from 'pg';

/** SQLSTATE classes: 08 connection, 53 out of resources, 57 ended by an operator, 58 the system's fault, 55P03 a lock not to be had. */
const AWAY = /^(08|53|57|58|55P03)/;
/** What the operating system says of a connection. */
const SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
]);
/** node-postgres names these by their text alone. */
const DRIVER_WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client was closed|Cannot use a pool after)/;

/** Whether the same query may well succeed once the database is back: it was not reached, or it said that it cannot serve now. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return AWAY.test(error.code ?? '');
  if (!(error instanceof Error)) return false;
  // ENOENT is a socket that is not there; of a file it would be something else.
  const isConnection = 'syscall' in error && /^(connect|read|write|getaddrinfo)$/.test(String(error.syscall));
  if (isConnection && 'code' in error && SYSTEM_CODES.has(String(error.code))) return true;
  return DRIVER_WORDS.test(error.message);
}
