// What every part that decides is made of: pure functions of a state and one event. They return the next state and what is to be done
// (effects); they read no clock, draw no randomness of their own, open nothing. Adapters (WebSocket, PostgreSQL) and the simulator drive them.

/** What a step may know beside its state and its event. */
export interface Surroundings {
  /** Milliseconds since the epoch, as this node's clock has it. */
  readonly nowMs: number;
  /** The next number of this node's generator, at least 0 and below 1. */
  readonly random: () => number;
}

/** What a step yields. The state that went in is never changed. */
export interface Step<State, Effect> {
  readonly state: State;
  readonly effects: readonly Effect[];
}
