// The numbers in readings as series over time: a series for each member of the message that is a number, or for each name in a message of many
// readings. No I/O.

import type { ReadingAnswer } from '../api/readings.ts';

export interface Series {
  /**
   * The member's name; of a member inside an object, both with a dot between. Of a message of many readings the measurement's name, and its unit
   * where it has one: a SenML pack may have several units under one name.
   */
  readonly name: string;
  /**
   * Seconds since the Unix epoch, ascending: the receiver's clock; of a message of many readings the time of each measurement, which is the
   * device's where it says one.
   */
  readonly timesS: readonly number[];
  /** null: a reading of this device that has no such number; the line is broken there. */
  readonly values: readonly (number | null)[];
}

interface Point {
  readonly timeS: number;
  readonly value: number | null;
}

/** Members that are no measurement: the count and the clock of the device. */
const NO_MEASUREMENT = new Set(['seq', 'timestamp']);
/** Charts of one device. A guess: each costs a canvas. */
const MAX_SERIES = 12;

type ChartedReading = Pick<ReadingAnswer, 'received_at' | 'data' | 'resolved'>;

/** In the order in which the names first come; of more than twelve, the first. `readings`: in the order of the log. */
export function seriesOf(readings: readonly ChartedReading[]): Series[] {
  const columns = new Map<string, Point[]>();
  const breaks: Point[] = [];
  for (const reading of readings) {
    const points = Map.groupBy(pointsIn(reading), ([name]) => name);
    for (const name of points.keys()) {
      if (!columns.has(name) && columns.size < MAX_SERIES) columns.set(name, [...breaks]);
    }
    const noNumber = { timeS: secondsOf(reading.received_at), value: null };
    for (const [name, column] of columns) {
      const own = points.get(name);
      if (own) column.push(...own.map(([, point]) => point));
      else column.push(noNumber);
    }
    breaks.push(noNumber);
  }
  return [...columns].map(([name, column]) => {
    const ascending = column.toSorted((a, b) => a.timeS - b.timeS);
    return { name, timesS: ascending.map(({ timeS }) => timeS), values: ascending.map(({ value }) => value) };
  });
}

function* pointsIn({ received_at: receivedAtUs, data, resolved }: ChartedReading): Generator<[string, Point]> {
  for (const { name, unit, value, time } of resolved ?? []) {
    if (value === undefined) continue;
    yield [unit === undefined ? name : `${name} (${unit})`, { timeS: secondsOf(time), value }];
  }
  if (Array.isArray(data)) return;
  const timeS = secondsOf(receivedAtUs);
  for (const [name, value] of numbersIn(data)) yield [name, { timeS, value }];
}

function* numbersIn(data: Readonly<Record<string, unknown>>): Generator<[string, number]> {
  for (const [name, value] of Object.entries(data)) {
    if (typeof value === 'number' && !NO_MEASUREMENT.has(name)) yield [name, value];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
    for (const [inner, number] of Object.entries(value)) {
      if (typeof number === 'number') yield [`${name}.${inner}`, number];
    }
  }
}

function secondsOf(us: number): number {
  return us / 1_000_000;
}
