// One measured row of the bench: a ratio against a limit that was measured in the same run on the same machine, and what it was made of.

export interface BenchRow {
  /** What was measured, in words. */
  readonly what: string;
  /** The figure that counts. Absent for rows that only report. */
  readonly ratio?: number;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** The measurements behind the ratio: name with unit → value. */
  readonly parts: Readonly<Record<string, number | string>>;
}

/** A bench measures what it is named for and gives its rows; `log` tells a person what goes on. */
export type Bench = (log: (text: string) => void) => Promise<BenchRow[]>;

export type Verdict = 'met' | 'missed' | 'reported';

export function verdictOf({ ratio, atLeast, atMost }: BenchRow): Verdict {
  if (ratio === undefined || (atLeast === undefined && atMost === undefined)) return 'reported';
  return ratio >= (atLeast ?? Number.NEGATIVE_INFINITY) && ratio <= (atMost ?? Number.POSITIVE_INFINITY)
    ? 'met'
    : 'missed';
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which this share of the values lies; the nearest rank. Throws for no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  if (value === undefined) throw new RangeError('no values');
  return value;
}
