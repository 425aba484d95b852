// Where the sender's key was enrolled, in a table of the outbox's file. What the receiver says counts more: enrolment.ts asks it.

import type { DatabaseSync } from 'node:sqlite';
import type { KeyId } from '@telltale/ledger';
import { toEnrolledDevices } from './outbox-rows.ts';

/** One key at one receiver. */
export type KeyAtReceiver = Readonly<{ receiverUrl: string; keyId: KeyId }>;

export class EnrolmentStore {
  readonly #database: DatabaseSync;
  readonly #nowUs: () => number;

  /** @param database the outbox's, which opens and closes it */
  constructor(database: DatabaseSync, nowUs: () => number) {
    this.#database = database;
    this.#nowUs = nowUs;
  }

  /** The devices that this key was enrolled for at this receiver; undefined when it was not, as far as is remembered. */
  devicesOf({ receiverUrl, keyId }: KeyAtReceiver): string[] | undefined {
    const row = this.#database
      .prepare('SELECT devices FROM enrolments WHERE receiver_url = ? AND key_id = ?')
      .get(receiverUrl, keyId);
    return row === undefined ? undefined : toEnrolledDevices(row);
  }

  /**
   * One statement, so one transaction. A crash before its commit leaves the enrolment to the receiver's memory alone, and the next start
   * asks the receiver before it spends a token; after it the next start asks nobody.
   */
  remember({ receiverUrl, keyId }: KeyAtReceiver, devices: readonly string[]): void {
    this.#database
      .prepare(
        `INSERT INTO enrolments VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (receiver_url, key_id) DO UPDATE SET devices = ?3, stored_at_us = ?4`,
      )
      .run(receiverUrl, keyId, JSON.stringify(devices), this.#nowUs());
  }

  /** The receiver does not know of the enrolment (any more). A crash before the commit: the receiver's next refusal leads here again. */
  forget({ receiverUrl, keyId }: KeyAtReceiver): void {
    this.#database.prepare('DELETE FROM enrolments WHERE receiver_url = ? AND key_id = ?').run(receiverUrl, keyId);
  }
}
