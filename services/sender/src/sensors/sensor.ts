// What a source of readings owes the rest of the sender. Three sources exist: simulated-sensor.ts, thermal-sensor.ts
// and command-sensor.ts.

/** A reading before it is signed: a JSON object, or an array of them, as bytes, complete but perhaps for its `seq`. */
export type Reading = Readonly<{
  json: Uint8Array;
  /** Whose durable counter gives the missing `seq`; undefined when the reading brought its own and must not be changed. */
  sequenceOf: string | undefined;
}>;

type SensorStatus = Readonly<{
  kind: 'simulated' | 'command' | 'thermal';
  /** Names of the devices seen or simulated, at most a few; for people. */
  devices: readonly string[];
  /** Readings that wait in memory to be taken. */
  waiting: number;
  /** Lines refused, or measurements that failed, since the start. */
  invalidLines: number;
  /** Times that the source was started again since the start. */
  restarts: number;
}>;

export type Sensor = {
  start(): void;
  /** At most `count` of the oldest readings. MUST give them again, or fresh ones, until `advance` says that they are on disk. */
  read(count: number): readonly Reading[];
  /** The oldest `count` readings are committed: forget them. */
  advance(count: number): void;
  status(): SensorStatus;
  /** MUST settle within a few seconds and leave no process behind. */
  stop(): Promise<void>;
};
