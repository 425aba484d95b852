// For tests of whatever is built on the ring: a small ring of real nodes in one process.

export { LiveRing, type LiveRingOptions, startLiveRing } from './live-ring.ts';
export { QUICK_LIMITS, QUICK_REPLICATION, QUICK_TIMINGS } from './quick-settings.ts';
export { until } from './until.ts';
