// What every refused request must look like from outside: a clear 4xx that names the item, nothing stored, and a service that goes on.

import { expect } from 'vitest';
import { type LedgerRows, openLedgerRows } from './ledger-rows.ts';
import { mustAccept, postReadings } from './post-readings.ts';
import { makeDevice, type TestDevice } from './test-device.ts';
import { startTestReceiver, type TestReceiver } from './test-receiver.ts';

export interface Refusal {
  /** HTTP status; 400 when absent. */
  readonly status?: number;
  /** Of the only item at fault. */
  readonly position: number | null;
  readonly code: string;
  /** What the reason says. */
  readonly message?: RegExp;
}

export interface RefusingReceiver {
  readonly receiver: TestReceiver;
  readonly rows: LedgerRows;
  /** Sends a bad body, looks at the answer and the database, and then sends a good body that is new. */
  refuses(body: string | Uint8Array<ArrayBuffer>, refusal: Refusal, options?: { contentType?: string }): Promise<void>;
  stop(): Promise<void>;
}

/** A receiver whose good requests come from `device`. */
export async function startRefusingReceiver(
  device: TestDevice,
  variables: Record<string, string> = {},
): Promise<RefusingReceiver> {
  const receiver = await startTestReceiver({ variables });
  const rows = openLedgerRows(receiver);
  let goodRequests = 0;
  return {
    receiver,
    rows,
    async refuses(body, refusal, options = {}) {
      const before = await rows.counts();
      const answer = await postReadings(receiver.url, body, options);
      expect(answer).toMatchObject({ statusCode: refusal.status ?? 400, status: 'error', receipts: [] });
      expect(answer.message).not.toBe('');
      expect(answer.errors).toHaveLength(1);
      expect(answer.errors[0]).toMatchObject({ position: refusal.position, code: refusal.code });
      expect(answer.errors[0]?.message).toMatch(refusal.message ?? /./);
      expect(await rows.counts()).toEqual(before);
      goodRequests++;
      await mustAccept(receiver.url, device.envelope(`{"device":"good","seq":${goodRequests}}`));
      expect((await rows.counts()).transactions).toBeGreaterThan(before.transactions);
    },
    async stop() {
      await rows.close();
      await receiver.stop();
    },
  };
}

/** A request whose item 1 is this one, between two good ones. */
export function among(item: string): string {
  const neighbour = makeDevice().envelope('{"device":"neighbour"}');
  return `[${neighbour},${item},${neighbour}]`;
}
