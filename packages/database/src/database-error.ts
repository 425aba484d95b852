// What this package throws on purpose: one class, a literal code, and a message of one sentence that tells a person
// what to do. Errors of PostgreSQL itself pass through unchanged, with their SQLSTATE in `code`.

/** What went wrong, for a table from code to status. The message carries the details. */
export type DatabaseErrorCode =
  | 'embedded-not-installed'
  | 'embedded-links-missing'
  | 'embedded-unsupported-platform'
  | 'embedded-init-failed'
  | 'embedded-start-failed'
  | 'embedded-stop-timeout'
  | 'embedded-lock-timeout'
  | 'data-folder-unusable'
  | 'cluster-version'
  | 'database-unreachable'
  | 'migration-lock-timeout'
  | 'migration-failed'
  | 'database-encoding'
  | 'schema-newer'
  | 'transaction-rolled-back'
  | 'commit-outcome-unknown';

/** An error with a literal `code` and a message fit for the person who started the process. */
export class DatabaseError extends Error {
  override readonly name: string = 'DatabaseError';
  readonly code: DatabaseErrorCode;

  constructor(code: DatabaseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * COMMIT was sent and no trustworthy answer came back: the transaction is either wholly durable or wholly absent, and
 * only a later look at the data can tell which. `cause` is the failure of the connection.
 */
export class CommitOutcomeUnknownError extends DatabaseError {
  override readonly name = 'CommitOutcomeUnknownError';
  override readonly code = 'commit-outcome-unknown';

  constructor(cause: unknown) {
    super(
      'commit-outcome-unknown',
      'The connection failed during COMMIT, so the outcome of the transaction is unknown.',
      {
        cause,
      },
    );
  }
}
