// The wiring of an import: the ledger's key, the database, the export's bytes; started in order and stopped in reverse. The process is
// import-main.ts.

import type { KeyObject } from 'node:crypto';
import { addAbortSignal, type Readable } from 'node:stream';
import { CommitOutcomeUnknownError } from '@telltale/database';
import { type ExportVerdict, type PublicKey, splitLines } from '@telltale/ledger';
import { withSignatureThreads } from '@telltale/signature-threads';
import type { Logger } from 'pino';
import type { ReceiverConfig } from '../config.ts';
import { ReceiverError } from '../errors.ts';
import { ed25519KeyOf, readKeyFile } from '../key-file.ts';
import { openDatabase } from '../open-database.ts';
import { STEP_DEADLINES_MS, type StopStep, stopInReverse } from '../start-stop.ts';
import { importExport } from './import-export.ts';

/**
 * Imports the export that `input` holds into the database of this configuration; sound: it is there, else nothing was written.
 * Throws DatabaseError, and ReceiverError: `ledger-key`, `export-unreadable`, `not-stored`, `stopping`, and those of importExport.
 */
export async function runImport(
  config: ReceiverConfig,
  run: { input: Readable; signal: AbortSignal; log: Logger; onLeaves: (count: number) => void },
): Promise<ExportVerdict> {
  const { signal, log, onLeaves } = run;
  // Before anything is started: without its key the ledger could not go on.
  const key = await readLedgerKey(config.ledgerKeyFile);
  const started: StopStep[] = [];
  try {
    const onStop = (name: 'embeddedServer' | 'pool', stop: () => Promise<void>) =>
      started.push({ name, deadlineMs: STEP_DEADLINES_MS[name], stop });
    const { pool } = await openDatabase(config, { log, onStop });
    // An abort ends a wait for bytes that do not come.
    const lines = splitLines(addAbortSignal(signal, run.input));
    const verdict = await withSignatureThreads((checker) =>
      importExport(pool, { lines, key, origin: config.ledgerOrigin, signal, checker, onLeaves }),
    );
    const { fault } = verdict;
    if (fault?.code === 'export-unfinished' && fault.line === 1) {
      throw new ReceiverError('export-unreadable', 'there is nothing to import: not one byte came');
    }
    return verdict;
  } catch (error) {
    if (error instanceof CommitOutcomeUnknownError) {
      const message =
        'the database went away at the very end: the ledger is there wholly or not at all. Import it again: refused because a ledger is there, it is';
      throw new ReceiverError('not-stored', message, { cause: error });
    }
    // What was read after an abort fails for it alone; nothing of it was committed.
    if (signal.aborted) throw new ReceiverError('stopping', 'ended before the export was whole: nothing was imported');
    if (error instanceof RangeError) {
      throw new ReceiverError('export-unreadable', `this cannot be an export: ${error.message}`, { cause: error });
    }
    throw error;
  } finally {
    await stopInReverse(started, log);
  }
}

async function readLedgerKey(file: string): Promise<PublicKey> {
  let privateKey: KeyObject;
  try {
    privateKey = await readKeyFile(file);
  } catch (cause) {
    const message = `an import needs the ledger's private key, and ${file} cannot be read: copy it there, or set LEDGER_KEY_FILE`;
    throw new ReceiverError('ledger-key', message, { cause });
  }
  const key = ed25519KeyOf(privateKey);
  if (!key) throw new ReceiverError('ledger-key', `the key in ${file} is not an Ed25519 key`);
  return key;
}
