// The members of a reading that mean something to the ledger: `device`, `seq` and `timestamp` (format.md "Leaf, kind 1"), read where the scanner
// stands and never re-serialised. Which shapes a message may have is reading.ts's question.

import { utf8 } from './bytes.ts';
import type { JsonScanner } from './json-scanner.ts';
import { quoted } from './quoted.ts';
import { type Refusal, refuse } from './result.ts';

/** UTF-8 bytes of a device's name (format.md "Leaf"). */
export const MAX_DEVICE_BYTES = 256;

/**
 * Why a message is no reading. `device-forbidden`: a name that no device may have. `device-mixed`: a list names two devices, and one leaf is one
 * device's. `list-empty`: an array without a reading in it.
 */
export type ReadingCode =
  | 'message-not-json'
  | 'message-not-object'
  | 'member-duplicate'
  | 'device-forbidden'
  | 'device-mixed'
  | 'list-empty';

/** What one object of a message says. */
export interface ScannedMembers {
  device?: string;
  seq?: number;
  deviceTimeUs?: number;
}

const ZERO = 0x30;
const MINUS = 0x2d;
const DOT = 0x2e;
/** Longer ones have more digits than a double, or a power of ten past 10^22, the last that a double holds exactly. */
const MAX_PLAIN_BYTES = 20;
/** A double in its longest decimal form has 24 characters; the rest is room. A guess. */
const MAX_NUMBER_BYTES = 32;

/**
 * Scans the object at which the scanner stands into `into`, to its end, and gives the first fault. `names` is a set to work with, emptied first;
 * `other` scans the value of each member that means nothing here.
 */
export function scanMembers(
  scanner: JsonScanner,
  of: { into: ScannedMembers; names: Set<string>; other: (name: string) => void },
): Refusal<ReadingCode> | undefined {
  const { into, names, other } = of;
  names.clear();
  let fault: Refusal<ReadingCode> | undefined;
  scanner.object((name) => {
    if (names.has(name)) fault ??= refuse('member-duplicate', `data has two members named ${quoted(name)}`);
    names.add(name);
    if (name === 'device') {
      const forbidden = scanDevice(scanner, into);
      fault ??= forbidden;
    } else if (name === 'seq') scanSeq(scanner, into);
    else if (name === 'timestamp') scanTimestamp(scanner, into);
    else other(name);
  });
  return fault;
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

/** Scans any value; its number where it is one of at most 32 characters. */
export function scanNumber(scanner: JsonScanner): number | undefined {
  const start = scanner.at;
  scanner.skipValue();
  // Of the JSON values only numbers begin with a digit or a minus.
  const first = scanner.bytes[start] ?? 0;
  if ((!isDigit(first) && first !== MINUS) || scanner.at - start > MAX_NUMBER_BYTES) return undefined;
  return plainDecimal(scanner.bytes, start, scanner.at) ?? decimal(scanner.bytes, start, scanner.at);
}

/** Seconds since the Unix epoch in microseconds; undefined for times before 1970 or past 2^53 microseconds. */
export function microsecondsOf(seconds: number): number | undefined {
  const timeUs = Math.round(seconds * 1_000_000);
  return seconds >= 0 && !Object.is(seconds, -0) && Number.isSafeInteger(timeUs) ? timeUs : undefined;
}

function scanDevice(scanner: JsonScanner, into: ScannedMembers): Refusal<ReadingCode> | undefined {
  if (!scanner.isAtString()) {
    scanner.skipValue();
    return refuse('device-forbidden', 'device is not a string');
  }
  const device = scanner.string();
  const fault = deviceFault(device);
  if (fault !== undefined) return refuse('device-forbidden', fault);
  into.device = device;
  return undefined;
}

function scanSeq(scanner: JsonScanner, into: ScannedMembers): void {
  const start = scanner.at;
  scanner.skipValue();
  // 2^53 − 1 has 16 digits. Only plain digits count: 1.0 and 1e3 leave room for two readers to disagree.
  if (scanner.at - start > 16) return;
  let seq = 0;
  for (let i = start; i < scanner.at; i++) {
    const byte = scanner.bytes[i] ?? 0;
    if (!isDigit(byte)) return;
    // Past 2^53 it may be rounded, never to less.
    seq = seq * 10 + (byte - ZERO);
  }
  if (Number.isSafeInteger(seq)) into.seq = seq;
}

function scanTimestamp(scanner: JsonScanner, into: ScannedMembers): void {
  const seconds = scanNumber(scanner);
  const timeUs = seconds === undefined ? undefined : microsecondsOf(seconds);
  if (timeUs !== undefined) into.deviceTimeUs = timeUs;
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
    if (!isDigit(byte)) return undefined;
    digits = digits * 10 + (byte - ZERO);
    if (isBehindPoint) scale *= 10;
  }
  return Number.isSafeInteger(digits) ? digits / scale : undefined;
}

function decimal(bytes: Uint8Array, start: number, end: number): number {
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] ?? 0);
  return Number(text);
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte < ZERO + 10;
}
