// Receivers of a ledger that is made anew for each test, as processes. What a test leaves running ends with it, and its ledger goes.

import { afterEach, beforeEach } from 'vitest';
import { type ReceiverProcess, spawnReceiver } from '../../services/receiver/src/testing/receiver-process.ts';
import { makeTestLedger, type TestLedger } from './ledger-in-a-folder.ts';

export interface ReceiversOfEachTest {
  /** Of the test that runs. */
  readonly ledger: TestLedger;
  /** Starts a receiver of it with these variables beside the shared ones. */
  start(more?: Record<string, string>): Promise<ReceiverProcess>;
}

/** Called at the top of a test file. */
export function receiversOfEachTest(shared: Record<string, string>): ReceiversOfEachTest {
  let ledger: TestLedger;
  let running: ReceiverProcess[];
  beforeEach(async () => {
    ledger = await makeTestLedger();
    running = [];
  });
  afterEach(async () => {
    for (const receiver of running) await receiver.stop();
    await ledger.remove();
  });
  return {
    get ledger() {
      return ledger;
    },
    async start(more = {}) {
      const variables = { ...ledger.variables, ...shared, ...more };
      const receiver = await spawnReceiver({ cwd: ledger.folder, variables });
      running.push(receiver);
      return receiver;
    },
  };
}
