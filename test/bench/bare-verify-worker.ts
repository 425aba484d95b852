// One thread of the bare rate: warms up, says so, then verifies for as long as it is told and gives its rate.

import { parentPort, workerData } from 'node:worker_threads';
import { type SignedSample, verifyForAWhile } from './bare-limits.ts';

/** Until the code is compiled. */
const WARM_UP_MS = 100;

const sample = workerData as SignedSample;
verifyForAWhile(sample, WARM_UP_MS);
parentPort?.on('message', (durationMs: number) => parentPort?.postMessage(verifyForAWhile(sample, durationMs)));
parentPort?.postMessage('ready');
