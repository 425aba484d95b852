// The durable outbox: what was signed and not yet receipted, what was refused or given up, the newest receipts, the devices' seq
// counters. One SQLite file, one process; enrolment-store.ts has a table in it. It neither signs nor sends. Every write is one transaction.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { readingTransactionId } from '@telltale/ledger';
import { EnrolmentStore } from './enrolment-store.ts';
import { numberRow, receiptRow, toCounts, toDeadLetter, toMessage } from './outbox-rows.ts';
import { OUTBOX_SCHEMA } from './outbox-schema.ts';
import type { SigningKey } from './signer.ts';
import { StartError } from './start-error.ts';

/** Time to wait for another process that holds the file, so that a quick restart does not fail. A guess. */
const LOCK_TIMEOUT_MS = 2_000;

const COUNTS_SQL = `
  SELECT (SELECT count(*) FROM messages) AS waiting, (SELECT count(*) FROM dead_letters) AS dead_letters,
    (SELECT value FROM counters WHERE name = 'delivered') AS delivered`;

/** A signed message on its way in. */
export type SignedMessage = Readonly<{ message: Uint8Array; signature: Uint8Array }>;

/** A message that waits for its receipt, with the key that signed it (which need not be today's key). */
export type OutboxMessage = SignedMessage &
  Readonly<{
    id: number;
    transactionIdHex: string;
    key: SigningKey;
    /** Answers after which it stayed; 0 for a fresh message. */
    postponements: number;
    /** Those of them that gave the receipt of another leaf. */
    unmatchedReceipts: number;
  }>;

/** What one answer of the receiver settles; whatever is not named stays as it is. */
export type Settlement = Readonly<{
  receipted: readonly { message: OutboxMessage; receiptJson: string }[];
  refused: readonly { message: OutboxMessage; code: string; reason: string }[];
  /** Messages that stay but let fresh ones go first. */
  postponed: readonly OutboxMessage[];
  /** Receipts of another leaf than their message, whether that is postponed or refused: counted, and the last one kept. */
  unmatched: readonly { message: OutboxMessage; receiptJson: string }[];
}>;

export type DeadLetter = Readonly<{
  id: number;
  transactionIdHex: string;
  code: string;
  reason: string;
  refusedAtUs: number;
  /** The last receipt that was of another leaf than this message (JSON), if there was one. */
  receiptJson: string | undefined;
}>;

export type OutboxCounts = Readonly<{ waiting: number; deadLetters: number; delivered: number }>;

export type OutboxOptions = Readonly<{ file: string; receiptsKept: number; nowUs: () => number }>;

/** Opens or makes the outbox. @throws StartError `outbox` when another sender has it, or it cannot be read and written */
export function openOutbox(options: OutboxOptions): Outbox {
  try {
    mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
    return new Outbox(options);
  } catch (cause) {
    const isLocked = cause instanceof Error && cause.message.includes('database is locked');
    const advice = isLocked
      ? 'is in use by another sender: stop it, or set DATA_DIR'
      : 'cannot be used: check DATA_DIR';
    throw new StartError('outbox', `${options.file} ${advice}`, { cause });
  }
}

export class Outbox {
  /** Of the same file; usable until `close`. */
  readonly enrolments: EnrolmentStore;
  readonly #database: DatabaseSync;
  readonly #options: OutboxOptions;
  #counts: OutboxCounts;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#database = new DatabaseSync(options.file, { timeout: LOCK_TIMEOUT_MS });
    this.enrolments = new EnrolmentStore(this.#database, options.nowUs);
    try {
      this.#database.exec(OUTBOX_SCHEMA);
      this.#counts = toCounts(this.#database.prepare(COUNTS_SQL).get());
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** Kept in memory and equal to the tables, because every write of this one process passes here. */
  counts(): OutboxCounts {
    return this.#counts;
  }

  /** The seq that the device's next message takes, 0 for a new device. Only `add` moves it. */
  nextSeq(device: string): number {
    const row = this.#database.prepare('SELECT next_seq AS value FROM sequences WHERE device = ?').get(device);
    return row === undefined ? 0 : numberRow.parse(row).value;
  }

  /**
   * Stores messages and moves the seq counters that they used, in one transaction: a crash before its commit leaves neither the
   * messages nor their seq used; after it both are on disk, and delivery finds the messages at the next start.
   * A message that waits already or has its receipt is the same transaction and is not stored again, nor is one that was given up
   * because its receipts never matched: a sensor that repeats a line would make a dead letter each time.
   * @returns how many were stored
   */
  add(batch: { key: SigningKey; messages: readonly SignedMessage[]; nextSeqs: ReadonlyMap<string, number> }): number {
    const { keyId, algorithm, publicKeyPem } = batch.key;
    const change = this.#transaction(() => {
      let waiting = 0;
      this.#run('INSERT OR IGNORE INTO keys VALUES (?, ?, ?)', keyId, algorithm, publicKeyPem);
      const insert = this.#database.prepare(
        `INSERT INTO messages (transaction_id, key_id, message, signature)
         SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM receipts WHERE transaction_id = ?1)
           AND NOT EXISTS (SELECT 1 FROM dead_letters WHERE transaction_id = ?1 AND code = 'receipt-unmatched')
         ON CONFLICT (transaction_id) DO NOTHING`,
      );
      for (const { message, signature } of batch.messages) {
        const transactionId = readingTransactionId({ keyId, message });
        waiting += Number(insert.run(transactionId, keyId, message, signature).changes);
      }
      for (const [device, nextSeq] of batch.nextSeqs) {
        this.#run(
          'INSERT INTO sequences VALUES (?1, ?2) ON CONFLICT (device) DO UPDATE SET next_seq = ?2',
          device,
          nextSeq,
        );
      }
      return { waiting, deadLetters: 0, delivered: 0 };
    });
    return change.waiting;
  }

  /** The messages that go next: at most `limit`, and no more than fit `sizeBytes`, but always one when any waits. Fresh ones first, or only. */
  oldest(bounds: {
    limit: number;
    sizeBytes: number;
    sizeOf: (message: OutboxMessage) => number;
    isFreshOnly?: boolean;
  }): OutboxMessage[] {
    const rows = this.#database
      .prepare(
        `SELECT id, transaction_id, message, signature, key_id, algorithm, public_key, postponed,
           coalesce(answers, 0) AS unmatched_receipts
         FROM messages JOIN keys USING (key_id) LEFT JOIN unmatched_receipts USING (transaction_id)
         WHERE postponed <= ? ORDER BY postponed, id LIMIT ?`,
      )
      .iterate(bounds.isFreshOnly === true ? 0 : Number.MAX_SAFE_INTEGER, bounds.limit);
    const messages: OutboxMessage[] = [];
    let sizeBytes = 0;
    for (const row of rows) {
      const message = toMessage(row);
      sizeBytes += bounds.sizeOf(message);
      if (messages.length > 0 && sizeBytes > bounds.sizeBytes) break;
      messages.push(message);
    }
    return messages;
  }

  /**
   * Stores receipts and dead letters and deletes their messages, in one transaction: a crash before its commit leaves the messages
   * waiting, so they are sent again and get the same receipts; after it they are never sent again.
   */
  settle(settlement: Settlement): void {
    const nowUs = this.#options.nowUs();
    this.#transaction(() => {
      let delivered = 0;
      for (const { message, receiptJson } of settlement.receipted) {
        this.#run(
          `INSERT INTO receipts (transaction_id, receipt, stored_at_us) SELECT transaction_id, ?, ? FROM messages WHERE id = ?
           ON CONFLICT (transaction_id) DO NOTHING`,
          receiptJson,
          nowUs,
          message.id,
        );
        this.#run(
          'DELETE FROM unmatched_receipts WHERE transaction_id = (SELECT transaction_id FROM messages WHERE id = ?)',
          message.id,
        );
        delivered += this.#run('DELETE FROM messages WHERE id = ?', message.id);
      }
      for (const { message, receiptJson } of settlement.unmatched) {
        this.#run(
          `INSERT INTO unmatched_receipts SELECT transaction_id, ?1, 1 FROM messages WHERE id = ?2
           ON CONFLICT (transaction_id) DO UPDATE SET receipt = ?1, answers = answers + 1`,
          receiptJson,
          message.id,
        );
      }
      let deadLetters = 0;
      for (const { message, code, reason } of settlement.refused) {
        this.#run(
          `INSERT INTO dead_letters (transaction_id, key_id, message, signature, code, reason, refused_at_us)
           SELECT transaction_id, key_id, message, signature, ?, ?, ? FROM messages WHERE id = ?`,
          code,
          reason,
          nowUs,
          message.id,
        );
        deadLetters += this.#run('DELETE FROM messages WHERE id = ?', message.id);
      }
      for (const message of settlement.postponed) {
        this.#run('UPDATE messages SET postponed = postponed + 1 WHERE id = ?', message.id);
      }
      this.#run(`UPDATE counters SET value = value + ? WHERE name = 'delivered'`, delivered);
      this.#run('DELETE FROM receipts WHERE id <= (SELECT max(id) FROM receipts) - ?', this.#options.receiptsKept);
      return { waiting: -delivered - deadLetters, deadLetters, delivered };
    });
  }

  /** The receipt of a delivered message as the receiver gave it (JSON), while it is among the newest that are kept. */
  receiptOf(transactionId: Uint8Array): string | undefined {
    const row = this.#database.prepare('SELECT receipt FROM receipts WHERE transaction_id = ?').get(transactionId);
    return row === undefined ? undefined : receiptRow.parse(row).receipt;
  }

  /** Dead letters with an id below `before`, newest first. */
  deadLetters(page: { before: number; limit: number }): DeadLetter[] {
    return this.#database
      .prepare(
        `SELECT id, transaction_id, code, reason, refused_at_us, receipt
         FROM dead_letters LEFT JOIN unmatched_receipts USING (transaction_id) WHERE id < ? ORDER BY id DESC LIMIT ?`,
      )
      .all(page.before, page.limit)
      .map(toDeadLetter);
  }

  /**
   * Puts all dead letters back among the waiting messages, for example after a key was enrolled. One transaction: a crash leaves
   * each of them in exactly one of the two tables. @returns how many
   */
  retryDeadLetters(): number {
    const change = this.#transaction(() => {
      // Counted anew, or the first answer would end each of them again; the evidence stays until there is a receipt that matches.
      this.#run(
        'UPDATE unmatched_receipts SET answers = 0 WHERE transaction_id IN (SELECT transaction_id FROM dead_letters)',
      );
      const waiting = this.#run(
        `INSERT INTO messages (transaction_id, key_id, message, signature)
         SELECT transaction_id, key_id, message, signature FROM dead_letters WHERE true ORDER BY id
         ON CONFLICT (transaction_id) DO NOTHING`,
      );
      return { waiting, deadLetters: -this.#run('DELETE FROM dead_letters'), delivered: 0 };
    });
    return change.waiting;
  }

  /** Reads from the file, for a health check. Throws when that fails. */
  check(): void {
    this.#database.prepare('SELECT value FROM counters LIMIT 1').get();
  }

  close(): void {
    this.#database.close();
  }

  #run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#database.prepare(sql).run(...values).changes);
  }

  /** @param work does the writes and says by how much they change the counts */
  #transaction(work: () => OutboxCounts): OutboxCounts {
    let change: OutboxCounts;
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      change = work();
      this.#database.exec('COMMIT');
    } catch (error) {
      // SQLite may have rolled back by itself, for example when the disk is full.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
    this.#counts = {
      waiting: this.#counts.waiting + change.waiting,
      deadLetters: this.#counts.deadLetters + change.deadLetters,
      delivered: this.#counts.delivered + change.delivered,
    };
    return change;
  }
}
