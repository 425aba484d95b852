// A mining thread. The leader takes one run at a time and answers with its headers; a helper shares the search through the leader's headers.

import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { searchAlone } from './header-search.ts';
import { type MiningRun, mineRun } from './mine-run.ts';
import type { MiningThread } from './mining-crew.ts';
import { SharedSearch } from './shared-search.ts';
import { nonceSearch } from './wasm/nonce-search.ts';

const { role, memory, kernel, niceness }: MiningThread = workerData;
// On Linux this is the thread's own priority; elsewhere it would be that of the whole process.
if (process.platform === 'linux' && niceness > 0) setPriority(niceness);

const shared = new SharedSearch(memory);
const own = nonceSearch(kernel);
if (role === 'helper') shared.help(own);

const isStopped = () => shared.isStopped();
const search = role === 'leader' ? shared.leader(own) : searchAlone(own, isStopped);
parentPort?.on('message', (run: MiningRun) => {
  parentPort?.postMessage(mineRun(run, { nowUs: () => Date.now() * 1000, isStopped, search }));
});
