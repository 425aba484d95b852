// The worker that verifies: the ledger as the receiver exports it, or a file that somebody brings. All judgement is packages/ledger's.

import type { VerifyMessage, VerifyRequest } from './protocol.ts';
import { SignaturePool } from './signature-pool.ts';
import { toProblem, verifyFile, verifyLedger } from './verify-source.ts';

// One signature worker is started now, as this one was: before there is anything to verify.
const pool = new SignaturePool();
const say = (message: VerifyMessage) => self.postMessage(message);

self.addEventListener('message', async ({ data }: MessageEvent<VerifyRequest>) => {
  const work = { checker: pool, onProgress: say };
  try {
    say(data.kind === 'ledger' ? await verifyLedger(data, work) : await verifyFile(data, work));
  } catch (error) {
    say({ kind: 'failed', message: toProblem(error) });
  } finally {
    pool.stop();
  }
});
