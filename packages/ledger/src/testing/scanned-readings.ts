// What scanReading makes of each element of an array, and where it leaves the scanner.

import { utf8 } from '../bytes.ts';
import { JsonScanner } from '../json-scanner.ts';
import { type Reading, scanReading } from '../reading.ts';

/** Of each element: the text that was scanned, and the reading or why it is none. Throws JsonError. */
export function scannedReadings(source: string): [string, Reading | string][] {
  const scanner = new JsonScanner(utf8(source));
  const found: [string, Reading | string][] = [];
  scanner.array(() => {
    const start = scanner.at;
    const reading = scanReading(scanner);
    found.push([source.slice(start, scanner.at), reading.ok ? reading.value : reading.code]);
  });
  scanner.end();
  return found;
}
