// The miner's thread: takes one run at a time and answers with its headers. A shared flag stops it between nonces.

import { parentPort, workerData } from 'node:worker_threads';
import { type MiningRun, mineRun } from './mine-run.ts';

/** One 32-bit word, shared with the miner: not 0 once the run under way shall end. */
const stopFlag: Int32Array = workerData.stopFlag;

parentPort?.on('message', (run: MiningRun) => {
  const headers = mineRun(run, {
    nowUs: () => Date.now() * 1000,
    isStopped: () => Atomics.load(stopFlag, 0) !== 0,
  });
  parentPort?.postMessage(headers);
});
