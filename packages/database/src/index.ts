// The public face of @telltale/database.

export { type ConnectionTarget, targetUrl } from './connection-target.ts';
export { CommitOutcomeUnknownError, DatabaseError, type DatabaseErrorCode } from './database-error.ts';
export { type EmbeddedServer, startEmbeddedServer } from './embedded-server.ts';
export type { DatabaseLog } from './log.ts';
export { migrate, migratePlugin } from './migrate.ts';
export { openPool } from './pool.ts';
export { type SchemaState, schemaState } from './schema-state.ts';
export {
  inTransaction,
  isRetryable,
  retryTransaction,
  type TransactionOptions,
  type TransactionWork,
} from './transaction.ts';
export { isUnavailable } from './unavailable.ts';
