// What a reading's message means to the ledger: which device speaks, and its sequence numbers (format.md "Leaf, kind 1"). Everything else is
// the device's own; times are read as liotbchain's devices write them and as SenML does, and nothing in the log depends on them.

import { JsonError, JsonScanner } from './json-scanner.ts';
import { scanReadingList } from './reading-list.ts';
import { type ReadingCode, type ScannedMembers, scanMembers } from './reading-members.ts';
import { accept, type Result, refuse } from './result.ts';

/** What the ledger understands of a reading, or of a list of readings in one message; all other members are the device’s own. */
export interface Reading {
  /** Absent: the reading belongs to the key's own device. A list is of one device: elements that name none belong to it too. */
  readonly device?: string;
  /** Counts per device, 0 … 2^53 − 1. Any other `seq` is treated as absent. Of a list: the last that its elements have. */
  readonly seq?: number;
  /** Of a list whose elements have more than one sequence number: all of them, in order. */
  readonly seqs?: readonly number[];
  /**
   * Microseconds since the Unix epoch, by the device's own clock: the member `timestamp` where it is a number of seconds, as liotbchain
   * sends it. Absent for anything else, and for times before 1970 or past 2^53 microseconds. Never the time that the ledger goes by.
   * Of a list: of its last element that says one. Of a SenML pack: `bt` + `t` of the last record where that is absolute (RFC 8428 section
   * 4.5.3); a time relative to now says nothing of a clock.
   */
  readonly deviceTimeUs?: number;
}

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

/**
 * Reads a whole message: the exact bytes that a device signed. An object is one reading; an array is a list of one or more, each an object, or a
 * SenML pack (RFC 8428), whose records may have `device` and `seq` too: SenML lets labels that are not known be ignored. A pack that is broken as
 * SenML is still a reading; what it measured `resolveReading` says, or why it cannot be resolved.
 */
export function parseReading(message: Uint8Array): Result<Reading, ReadingCode> {
  // The leaf's first message byte tells a reading's shape, so white space before it is not part of a message.
  if (message[0] !== OPEN_BRACE && message[0] !== OPEN_BRACKET) {
    return refuse('message-not-object', 'a reading is a JSON object, or an array of them');
  }
  const scanner = new JsonScanner(message);
  try {
    const reading = scanReading(scanner);
    if (scanner.at !== message.length) return refuse('message-not-json', 'unexpected text after the reading');
    return reading;
  } catch (error) {
    if (error instanceof JsonError) return refuse('message-not-json', error.message);
    throw error;
  }
}

/** Scans the value at which `scanner` stands, to its end, and says what it means as a reading. Throws JsonError. */
export function scanReading(scanner: JsonScanner): Result<Reading, ReadingCode> {
  if (scanner.isAtArray()) return scanReadingList(scanner);
  if (!scanner.isAtObject()) {
    scanner.skipValue();
    return refuse('message-not-object', 'data is not a JSON object or an array of them');
  }
  const reading: ScannedMembers = {};
  const fault = scanMembers(scanner, { into: reading, names: new Set(), other: () => scanner.skipValue() });
  return fault ?? accept(reading);
}
