// What a reading's message means to the ledger: which device speaks, and its sequence number (format.md "Leaf, kind 1"). Everything else is
// the device's own; `timestamp` is read as liotbchain's devices write it, and nothing in the log depends on it.

import { utf8 } from './bytes.ts';
import { JsonError, JsonScanner } from './json-scanner.ts';
import { quoted } from './quoted.ts';
import { accept, type Refusal, type Result, refuse } from './result.ts';

/** UTF-8 bytes of a device's name (format.md "Leaf"). */
export const MAX_DEVICE_BYTES = 256;

/** What the ledger understands of a reading; all other members are the device’s own. */
export interface Reading {
  /** Absent: the reading belongs to the key's own device. */
  readonly device?: string;
  /** Counts per device, 0 … 2^53 − 1. Any other `seq` is treated as absent. */
  readonly seq?: number;
  /**
   * Microseconds since the Unix epoch, by the device's own clock: the member `timestamp` where it is a number of seconds, as liotbchain
   * sends it. Absent for anything else, and for times before 1970 or past 2^53 microseconds. Never the time that the ledger goes by.
   */
  readonly deviceTimeUs?: number;
}

const OPEN_BRACE = 0x7b;
const ZERO = 0x30;
const DOT = 0x2e;
/** Longer ones have more digits than a double, or a power of ten past 10^22, the last that a double holds exactly. */
const MAX_PLAIN_BYTES = 20;
/** A double in its longest decimal form has 24 characters; the rest is room. A guess. */
const MAX_TIMESTAMP_BYTES = 32;

/** Why a message is no reading. `device-forbidden`: a name that no device may have. */
export type ReadingCode = 'message-not-json' | 'message-not-object' | 'member-duplicate' | 'device-forbidden';

/** Reads a whole message: the exact bytes that a device signed. */
export function parseReading(message: Uint8Array): Result<Reading, ReadingCode> {
  // The leaf's first message byte tells a reading's shape, so white space before the object is not part of a message.
  if (message[0] !== OPEN_BRACE) return refuse('message-not-object', 'a reading is a JSON object');
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
  if (!scanner.isAtObject()) {
    scanner.skipValue();
    return refuse('message-not-object', 'data is not a JSON object');
  }
  const names = new Set<string>();
  const reading: { device?: string; seq?: number; deviceTimeUs?: number } = {};
  let fault: Refusal<ReadingCode> | undefined;
  scanner.object((name) => {
    if (names.has(name)) fault ??= refuse('member-duplicate', `data has two members named ${quoted(name)}`);
    names.add(name);
    if (name === 'device') {
      const forbidden = scanDevice(scanner, reading);
      fault ??= forbidden;
    } else if (name === 'seq') scanSeq(scanner, reading);
    else if (name === 'timestamp') scanTimestamp(scanner, reading);
    else scanner.skipValue();
  });
  return fault ?? accept(reading);
}

/** Says why a text cannot name a device, or undefined when it can. */
export function deviceFault(device: string): string | undefined {
  if (device.length === 0) return 'device is an empty string';
  if (!device.isWellFormed()) return 'device has a lone surrogate';
  if (/\p{Cc}/u.test(device)) return 'device has a control character';
  // A UTF-16 unit is three bytes at most, so that most names need not be encoded to be measured.
  if (3 * device.length > MAX_DEVICE_BYTES && utf8(device).length > MAX_DEVICE_BYTES) {
    return `device is longer than ${MAX_DEVICE_BYTES} bytes`;
  }
  return undefined;
}

function scanDevice(scanner: JsonScanner, reading: { device?: string }): Refusal<ReadingCode> | undefined {
  if (!scanner.isAtString()) {
    scanner.skipValue();
    return refuse('device-forbidden', 'device is not a string');
  }
  const device = scanner.string();
  const fault = deviceFault(device);
  if (fault !== undefined) return refuse('device-forbidden', fault);
  reading.device = device;
  return undefined;
}

function scanSeq(scanner: JsonScanner, reading: { seq?: number }): void {
  const start = scanner.at;
  scanner.skipValue();
  // 2^53 − 1 has 16 digits. Only plain digits count: 1.0 and 1e3 leave room for two readers to disagree.
  if (scanner.at - start > 16) return;
  let seq = 0;
  for (let i = start; i < scanner.at; i++) {
    const digit = (scanner.bytes[i] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return;
    // Past 2^53 it may be rounded, never to less.
    seq = seq * 10 + digit;
  }
  if (Number.isSafeInteger(seq)) reading.seq = seq;
}

function scanTimestamp(scanner: JsonScanner, reading: { deviceTimeUs?: number }): void {
  const start = scanner.at;
  scanner.skipValue();
  // Of the JSON values only numbers that are not negative begin with a digit.
  const digit = (scanner.bytes[start] ?? 0) - ZERO;
  if (digit < 0 || digit > 9 || scanner.at - start > MAX_TIMESTAMP_BYTES) return;
  const seconds = plainDecimal(scanner.bytes, start, scanner.at) ?? decimal(scanner.bytes, start, scanner.at);
  const timeUs = Math.round(seconds * 1_000_000);
  if (Number.isSafeInteger(timeUs)) reading.deviceTimeUs = timeUs;
}

/**
 * What `decimal` gives, without a text, for digits with or without a point and few enough: both the digits as an integer and the power of ten are
 * exact then, so that their quotient is the nearest double (Clinger, "How to read floating point numbers accurately", 1990).
 */
function plainDecimal(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start > MAX_PLAIN_BYTES) return undefined;
  let digits = 0;
  let scale = 1;
  let isBehindPoint = false;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === DOT) {
      isBehindPoint = true;
      continue;
    }
    const digit = byte - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    digits = digits * 10 + digit;
    if (isBehindPoint) scale *= 10;
  }
  return Number.isSafeInteger(digits) ? digits / scale : undefined;
}

function decimal(bytes: Uint8Array, start: number, end: number): number {
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] ?? 0);
  return Number(text);
}
