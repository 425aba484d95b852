// Loaded into a receiver with --import, for the bench only: at each SIGWINCH it writes the event loop's delay since the one before to the file
// that LOOP_DELAY_FILE names, in milliseconds, and starts anew.

import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** Between two looks at the clock. What is measured is the time between two looks, so it is never less than this. */
const RESOLUTION_MS = 1;

const file = process.env['LOOP_DELAY_FILE'];
// Worker threads load the same modules; theirs is not the loop that answers requests.
if (isMainThread && file !== undefined) {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  // A signal that nothing else in the receiver listens to.
  process.on('SIGWINCH', () => {
    const delay = { p99Ms: histogram.percentile(99) / 1e6, maxMs: histogram.max / 1e6, looks: histogram.count };
    histogram.reset();
    // Renamed, so that who waits for it never reads half of it.
    writeFileSync(`${file}.part`, JSON.stringify(delay));
    renameSync(`${file}.part`, file);
  });
}
