// The newest readings of a device. The receiver gives them from a time on, in the order of the log; where to begin is estimated from how
// often the device has sent so far, and the rest is read to its end.

import type { DeviceAnswer } from '../api/devices.ts';
import { getReadingsOf, type ReadingAnswer } from '../api/readings.ts';

/** Requests for one chart. A guess: a device that sent in bursts is read for longer than was estimated, and not for ever. */
const MAX_PAGES = 8;

/** About the last `count` readings, the oldest first; fewer where the device was silent for long. */
export async function newestReadings(
  of: { device: DeviceAnswer; count: number },
  signal: AbortSignal,
): Promise<ReadingAnswer[]> {
  const { device, count } = of;
  const { device: name, readings: total, first_seen_at: first, last_seen_at: last } = device;
  if (first === null || last === null) return [];
  const share = Math.min(1, count / total);
  const fromUs = total <= count ? undefined : Math.max(0, Math.floor(last - (last - first) * share));
  const found = await readOn({ device: name, fromUs }, signal);
  return found.slice(-count);
}

/** What follows readings that are there already, as far as one page goes. */
export async function readingsAfter(
  known: { device: string; readings: readonly ReadingAnswer[] },
  signal: AbortSignal,
): Promise<ReadingAnswer[]> {
  return getReadingsOf({ device: known.device, after: known.readings.at(-1)?.leaf_index }, signal);
}

async function readOn(
  start: { device: string; fromUs: number | undefined },
  signal: AbortSignal,
): Promise<ReadingAnswer[]> {
  const found: ReadingAnswer[] = [];
  for (let page = 0; page < MAX_PAGES; page++) {
    const more = await getReadingsOf({ ...start, after: found.at(-1)?.leaf_index }, signal);
    found.push(...more);
    // A page ends early where readings are large: only an empty one says that there are no more.
    if (more.length === 0) break;
  }
  return found;
}
