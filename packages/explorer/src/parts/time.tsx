// A time of the receiver or a device: microseconds since the Unix epoch, shown in the reader's own zone, to the millisecond.

const FORMAT = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});

export function Time({ us }: { us: number }) {
  const date = new Date(us / 1000);
  // Past what a Date holds (the year 275760).
  if (Number.isNaN(date.getTime())) return <>{us} µs</>;
  return <time dateTime={date.toISOString()}>{FORMAT.format(date)}</time>;
}
