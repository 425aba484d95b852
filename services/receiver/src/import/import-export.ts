// Imports an export into an empty database: every line is verified as it comes, and all rows are written in one transaction that is committed
// only when the whole export proved sound. What the process around it does is run-import.ts.

import { inTransaction } from '@telltale/database';
import {
  type ExportVerdict,
  equalBytes,
  type PublicKey,
  parseExportLine,
  type SignatureChecker,
  toHex,
  verifyExport,
} from '@telltale/ledger';
import type { Pool, PoolClient } from 'pg';
import { ReceiverError } from '../errors.ts';
import { insertIdentity, lockGenesis } from '../store/identity-store.ts';
import { ensurePartitions } from '../store/leaf-store.ts';
import { prepareLongTransaction } from '../store/long-transaction-store.ts';
import { findOccupiedTable } from '../store/occupied-store.ts';
import { ImportedLog } from './imported-log.ts';

export interface Import {
  /** The export's lines, without line feeds. */
  readonly lines: AsyncIterable<Uint8Array>;
  /** The ledger's own key, with which it will go on. */
  readonly key: PublicKey;
  /** Undefined: whatever the export says. */
  readonly origin: string | undefined;
  readonly signal: AbortSignal;
  readonly checker: SignatureChecker;
  /** Hears of leaves as they are verified. */
  readonly onLeaves: (count: number) => void;
}

/** Takes the transaction back; the verdict is the answer all the same. */
class NotSound extends Error {
  readonly verdict: ExportVerdict;

  constructor(verdict: ExportVerdict) {
    super('the export is not sound');
    this.verdict = verdict;
  }
}

/**
 * The verdict on the export; it is imported exactly when it is sound. The lock of genesis is held all the while: no receiver founds a ledger
 * meanwhile, and two imports come one after the other.
 * A crash before COMMIT leaves the database as empty as it was, after it the whole ledger is there; if the answer to COMMIT is lost, a second
 * import tells which, because it is refused when the first one is there.
 * Throws ReceiverError `ledger-busy`, `ledger-not-empty`, `ledger-mismatch` (the export is of another key or origin), the signal's reason,
 * and what PostgreSQL throws.
 */
export async function importExport(pool: Pool, of: Import): Promise<ExportVerdict> {
  try {
    return await inTransaction(pool, { isolation: 'read committed' }, async (client) => {
      await prepareLongTransaction(client);
      await lockGenesis(client);
      const occupied = await findOccupiedTable(client);
      if (occupied !== undefined) {
        const message = `the database holds a ledger already (table ${occupied}): an import needs one in which no receiver has started yet`;
        throw new ReceiverError('ledger-not-empty', message);
      }
      const verdict = await writeVerified(client, of);
      if (!verdict.isSound) throw new NotSound(verdict);
      return verdict;
    });
  } catch (error) {
    if (error instanceof NotSound) return error.verdict;
    throw error;
  }
}

async function writeVerified(client: PoolClient, of: Import): Promise<ExportVerdict> {
  const log = new ImportedLog(client);
  const verdict = await verifyExport({
    lines: identified(client, of),
    checker: of.checker,
    trusted: { key: of.key, ...(of.origin !== undefined && { origin: of.origin }) },
    onBlock: async (block) => {
      await log.take(block);
      of.onLeaves(block.leaves.length);
    },
  });
  if (verdict.isSound) await log.flush();
  // The last moment at which whoever waits can still say no.
  of.signal.throwIfAborted();
  return verdict;
}

/** The same lines; the first one, if it is right, founds the ledger. */
async function* identified(client: PoolClient, of: Import): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const line of of.lines) {
    of.signal.throwIfAborted();
    if (isFirst) await found(client, { ...of, line });
    isFirst = false;
    yield line;
  }
}

/** A first line that cannot be read is left to the verifier, whose words it is. */
async function found(
  client: PoolClient,
  of: { line: Uint8Array; key: PublicKey; origin: string | undefined },
): Promise<void> {
  const line = parseExportLine(of.line);
  if (!line.ok || line.value.kind !== 'ledger') return;
  const { origin, key } = line.value;
  if (!equalBytes(key.spki, of.key.spki)) {
    const message = `the export is of the ledger key ${toHex(key.keyId)}, and LEDGER_KEY_FILE holds ${toHex(of.key.keyId)}: only with its own key can a ledger go on`;
    throw new ReceiverError('ledger-mismatch', message);
  }
  if (of.origin !== undefined && of.origin !== origin) {
    const message = `the export is of the ledger ${origin}, not of ${of.origin}: unset LEDGER_ORIGIN, or import its own export`;
    throw new ReceiverError('ledger-mismatch', message);
  }
  await insertIdentity(client, { origin, publicKey: key.spki });
  await ensurePartitions(client, 0);
}
