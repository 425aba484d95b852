// The receiver's second entry: imports an export (standard input) into the database in which a receiver is to go on with that ledger.
// Exit code 0: imported; 1: the export is not sound; 2: could not be done. In the last two nothing was written. `telltale import` runs it.

import { DatabaseError } from '@telltale/database';
import { pino } from 'pino';
import { ConfigError, loadConfig } from './config.ts';
import { ReceiverError } from './errors.ts';
import { progressLine, refusalLine, verdictLine } from './import/import-report.ts';
import { runImport } from './import/run-import.ts';
import { createLog } from './log.ts';

const EXIT = { imported: 0, notSound: 1, couldNotImport: 2 } as const;

/** Leaves between two lines that say how far the import is: some a second. */
const PROGRESS_LEAVES = 1000;

const ending = new AbortController();
// However often: a terminal's Ctrl-C comes twice through npm, and the embedded PostgreSQL must still be stopped.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ending.abort());
// Whoever started the import may be gone: then what is still to say is said to nobody.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  const config = loadConfig();
  // Standard output is for the report alone.
  const log = createLog(config.logLevel, pino.destination({ dest: 2, sync: true }));
  let untold = 0;
  const tell = (count: number) => {
    untold += count;
    if (untold < PROGRESS_LEAVES) return;
    process.stdout.write(progressLine(untold));
    untold = 0;
  };
  const verdict = await runImport(config, {
    input: process.stdin,
    signal: ending.signal,
    log,
    onLeaves: tell,
  });
  process.stdout.write(verdictLine(verdict));
  process.exitCode = verdict.isSound ? EXIT.imported : EXIT.notSound;
} catch (error) {
  process.stdout.write(refusalLine(explain(error)));
  process.exitCode = EXIT.couldNotImport;
} finally {
  // Open, it would keep this process waiting for bytes that nobody reads.
  process.stdin.destroy();
}

/** What an operator can mend in one line; for what is our fault, or the database's, everything on standard error too. */
function explain(error: unknown): { code: string; message: string } {
  if (error instanceof ConfigError || error instanceof ReceiverError || error instanceof DatabaseError) {
    return { code: error.code, message: error.message };
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}
