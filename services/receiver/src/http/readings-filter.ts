// Which readings a query asks for, by device and by received time: the parameters, and what they mean.

import type { Pool } from 'pg';
import { findLeafIndexesOfDevice } from '../store/device-runs-store.ts';
import { countLeaves, findLeafIndexAt, findReadingIndexes } from '../store/reading-store.ts';
import { deviceName } from './device-name.ts';
import { wholeNumber } from './whole-number.ts';

/** Members of a query string. */
export const readingsFilter = {
  device: deviceName
    .optional()
    .meta({ description: 'Only the sealed readings of this device.', examples: ['Raspberry Pi 1'] }),
  from: wholeNumber
    .optional()
    .describe('received_at of the first reading or later, microseconds since the Unix epoch.'),
  to: wholeNumber.optional().describe('received_at before this time.'),
};

export interface ReadingsFilter {
  readonly device?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Leaf indexes of these readings from `start` on and before `end`, which is the end of the log where it is not given; in order, at most `limit`. */
export async function findFilteredLeaves(
  pool: Pool,
  filter: ReadingsFilter,
  page: { start: number; end?: number; limit: number },
): Promise<number[]> {
  const { device, from, to } = filter;
  const first = from === undefined ? 0 : await findLeafIndexAt(pool, from);
  const past = to === undefined ? (page.end ?? (await countLeaves(pool))) : await findLeafIndexAt(pool, to);
  const range = { start: Math.max(first, page.start), end: Math.min(past, page.end ?? past), limit: page.limit };
  return device === undefined ? findReadingIndexes(pool, range) : findLeafIndexesOfDevice(pool, { device, ...range });
}
