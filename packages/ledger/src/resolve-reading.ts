// What a message of many readings measured, one by one: the records of a SenML pack resolved, or the values of a list's elements. For queries and
// charts; what was signed is the message.

import { fromUtf8 } from './bytes.ts';
import { parseReading } from './reading.ts';
import { microsecondsOf, type ReadingCode } from './reading-members.ts';
import { accept, type Result, refuse } from './result.ts';
import { type Measurement, resolvePack, type SenmlCode } from './senml.ts';
import { isPackLabel } from './senml-labels.ts';

type Member = Readonly<Record<string, unknown>>;

/** Members of a list's elements that are no measurement. */
const NO_MEASUREMENT = new Set(['device', 'seq', 'timestamp']);

/**
 * The measurements in a message that is an array, in its order; undefined for one that is an object, which is read as it stands. An array whose first
 * element has a SenML label (`bn`, `bt`, `bu`, `bv`, `bs`, `bver`, `n`, `v`, `vs`, `vb`, `vd`, `s`) is a pack (RFC 8428), any other one a list of
 * readings: then each member that is a number, a string or a boolean is a measurement of that name, at the element's `timestamp` where it has one.
 * `receivedAtUs`: of the leaf, microseconds; the time of what says none, and what a pack's relative times are relative to. Refuses what
 * `parseReading` refuses, and packs that are broken.
 */
export function resolveReading(
  message: Uint8Array,
  of: { receivedAtUs: number },
): Result<Measurement[] | undefined, ReadingCode | SenmlCode> {
  const reading = parseReading(message);
  if (!reading.ok) return reading;
  const value: unknown = JSON.parse(fromUtf8(message) ?? '');
  if (!Array.isArray(value)) return accept(undefined);
  const elements = value.filter(isMember);
  // parseReading has refused it.
  if (elements.length !== value.length) return refuse('message-not-object', 'an element is not a JSON object');
  const isPack = Object.keys(elements[0] ?? {}).some(isPackLabel);
  if (isPack) return resolvePack(elements, { nowUs: of.receivedAtUs });
  return accept(elements.flatMap((element) => measurementsOf(element, of.receivedAtUs)));
}

function measurementsOf(element: Member, receivedAtUs: number): Measurement[] {
  const timestamp = element['timestamp'];
  const timeUs = (typeof timestamp === 'number' ? microsecondsOf(timestamp) : undefined) ?? receivedAtUs;
  return Object.entries(element).flatMap(([name, value]): Measurement[] => {
    if (NO_MEASUREMENT.has(name)) return [];
    if (typeof value === 'number') return Number.isFinite(value) ? [{ name, value, timeUs }] : [];
    if (typeof value === 'string') return [{ name, string: value, timeUs }];
    return typeof value === 'boolean' ? [{ name, boolean: value, timeUs }] : [];
  });
}

function isMember(value: unknown): value is Member {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
