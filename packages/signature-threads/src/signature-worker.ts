// A thread that checks signatures: takes batches, answers each with the place of the first signature that is wrong, or NONE_WRONG. In the
// order in which they come.

import { parentPort } from 'node:worker_threads';
import { BatchChecker } from './check-batch.ts';
import type { PackedBatch } from './packed-batch.ts';

const checker = new BatchChecker();

parentPort?.on('message', (batch: PackedBatch) => {
  parentPort?.postMessage(checker.firstWrong(batch));
});
