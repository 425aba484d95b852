// How times stand below a chart: 24 hours, the day before the month, the date once below the first tick and where it changes.
// Source: uPlot's axis.values. The columns are: tick distance in seconds, text of every tick, what is added where the year, month, day, hour,
// minute or second is another one than at the tick before, and 1: the addition stands below the text.

const DAY_S = 86_400;

type Addition = string | null;
type Row = [
  increment: number,
  text: string,
  year: Addition,
  month: Addition,
  day: Addition,
  hour: Addition,
  minute: Addition,
  second: Addition,
  mode: 0 | 1,
];

export const TIME_AXIS: Row[] = [
  [365 * DAY_S, '{YYYY}', null, null, null, null, null, null, 1],
  [28 * DAY_S, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [DAY_S, '{D} {MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', null, null, null, 1],
  [
    0.001,
    '{mm}:{ss}.{fff}',
    '\n{D} {MMM} {YYYY} {HH}:{mm}',
    null,
    '\n{D} {MMM} {HH}:{mm}',
    null,
    '\n{HH}:{mm}',
    null,
    1,
  ],
];
