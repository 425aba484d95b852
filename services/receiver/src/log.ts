// The receiver's log: pino, with errors told without the data that PostgreSQL puts into them.

import { type DestinationStream, type Logger, pino } from 'pino';

export function createLog(level: string, destination: DestinationStream): Logger {
  return pino({ level, serializers: { err: describeError } }, destination);
}

/**
 * An error's fields for the log. PostgreSQL names the row that it refuses in `detail`, and values on their way in `where` and
 * `internalQuery`: messages, keys, hashes of tokens. SQLSTATE, table, constraint and stack stay.
 */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { detail, where, internalQuery, ...told } = pino.stdSerializers.err(error);
  return told;
}
