// Short times for rings in tests: a member that is gone is known within a second, and copies are compared every few.

import { type ChordTimings, TIMINGS } from '../chord/index.ts';
import { type ReplicationSettings, SETTINGS } from '../replication/settings.ts';
import { DEFAULT_LIMITS, type TransportLimits } from '../transport/limits.ts';

export const QUICK_TIMINGS: ChordTimings = {
  ...TIMINGS,
  stabilizeMs: 200,
  fingersMs: 1_000,
  pingMs: 300,
  mergeMs: 1_000,
  probeMs: 200,
};

export const QUICK_REPLICATION: ReplicationSettings = {
  ...SETTINGS,
  repairMs: 3_000,
  settleMs: 200,
  continueMs: 400,
  holdMs: 4_000,
  retryMs: 300,
};

/** Time-outs stay as they are: a machine that is busy with other tests must not look like one that is gone. */
export const QUICK_LIMITS: TransportLimits = {
  ...DEFAULT_LIMITS,
  backOffMs: 50,
  backOffMostMs: 500,
  drainMs: 500,
};
