// Times for people: UTC, ISO 8601, with the microseconds that the ledger keeps.

/** `2026-07-17T09:30:00.123456Z`. Times past what Date can say (the year 275760) are told in microseconds. */
export function utcTime(timeUs: number): string {
  const date = new Date(Math.floor(timeUs / 1_000_000) * 1000);
  if (Number.isNaN(date.getTime())) return `${timeUs} µs since 1970`;
  const micros = String(timeUs % 1_000_000).padStart(6, '0');
  return `${date.toISOString().slice(0, -5)}.${micros}Z`;
}
