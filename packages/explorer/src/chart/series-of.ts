// The numbers in readings as series over time: a series for each member of the message that is a number. No I/O.

import type { ReadingAnswer } from '../api/readings.ts';

export interface Series {
  /** The member's name; of a member inside an object, both with a dot between. */
  readonly name: string;
  /** The receiver's clock, seconds since the Unix epoch, ascending. */
  readonly timesS: readonly number[];
  /** null: a reading of this device that has no such number; the line is broken there. */
  readonly values: readonly (number | null)[];
}

/** Members that are no measurement: the count and the clock of the device. */
const NO_MEASUREMENT = new Set(['seq', 'timestamp']);
/** Charts of one device. A guess: each costs a canvas. */
const MAX_SERIES = 12;

/** In the order in which the names first come; of more than twelve, the first. `readings`: in the order of the log. */
export function seriesOf(readings: readonly Pick<ReadingAnswer, 'received_at' | 'data'>[]): Series[] {
  const timesS = readings.map(({ received_at: us }) => us / 1_000_000);
  const columns = new Map<string, (number | null)[]>();
  for (const [i, { data }] of readings.entries()) {
    for (const [name, value] of numbersIn(data)) {
      const column = columns.get(name) ?? newColumn(columns, { name, length: readings.length });
      if (column) column[i] = value;
    }
  }
  return [...columns].map(([name, values]) => ({ name, timesS, values }));
}

function newColumn(
  columns: Map<string, (number | null)[]>,
  of: { name: string; length: number },
): (number | null)[] | undefined {
  if (columns.size === MAX_SERIES) return undefined;
  const column = Array.from<number | null>({ length: of.length }).fill(null);
  columns.set(of.name, column);
  return column;
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
