// How the simulated network and clocks behave. Probabilities are from 0 to 1, durations virtual milliseconds.

export interface NetworkFaults {
  /** Each message takes between these; different ones for two messages reorder them. */
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly dropShare: number;
  readonly duplicateShare: number;
  /** Each clock is off by up to this much, and each timer by up to this share. */
  readonly clockSkewMs: number;
  readonly clockDriftShare: number;
  /** A call without an answer fails after this: 2 s, as the transport does. */
  readonly callTimeoutMs: number;
}

/** Everything arrives, in any order, far within the time-out: the perfect failure detector of the proof. */
export const RELIABLE: NetworkFaults = {
  minDelayMs: 1,
  maxDelayMs: 80,
  dropShare: 0,
  duplicateShare: 0,
  clockSkewMs: 5_000,
  clockDriftShare: 0.05,
  callTimeoutMs: 2_000,
};

/** Messages are lost and come twice; a guess at a bad mobile link. */
export const LOSSY: NetworkFaults = { ...RELIABLE, maxDelayMs: 400, dropShare: 0.05, duplicateShare: 0.05 };
