// A measured number as people read it: six significant digits, and a power of ten where it would be a row of zeros. No I/O.

/** From here on, and below its inverse, digits are counted and not read. A guess. */
const MOST_READ = 1e15;
const LEAST_READ = 1e-6;
/** What has no room beside a chart any more: its scale is as wide as seven digits. */
const LEAST_SHORTENED = 1e6;
/** As many as a sensor measures. */
const SIGNIFICANT_DIGITS = 6;

/** For a line of text. `locale`: that of the browser where it is not given. */
export function shownNumber(value: number, locale?: string): string {
  return format(value, { readable: 'standard', locale });
}

/** For the scale of a chart, where there is little room: millions and more are shortened. */
export function shownOnScale(value: number, locale?: string): string {
  return format(value, { readable: Math.abs(value) >= LEAST_SHORTENED ? 'compact' : 'standard', locale });
}

function format(value: number, how: { readable: 'standard' | 'compact'; locale: string | undefined }): string {
  const size = Math.abs(value);
  const isRead = size === 0 || (size >= LEAST_READ && size < MOST_READ);
  const notation = isRead ? how.readable : 'scientific';
  return value.toLocaleString(how.locale, { notation, maximumSignificantDigits: SIGNIFICANT_DIGITS });
}
