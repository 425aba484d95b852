// What a reading's message means to the ledger: which device speaks, and its sequence number. Everything else is the device's own.
// Source: format.md "Leaf, kind 1".

import { utf8 } from './bytes.ts';
import { JsonError, JsonScanner } from './json-scanner.ts';
import { accept, type Result, refuse } from './result.ts';

/** UTF-8 bytes of a device's name (format.md "Leaf"). */
export const MAX_DEVICE_BYTES = 256;

export interface Reading {
  /** Absent: the reading belongs to the key's own device. */
  readonly device?: string;
  /** Counts per device, 0 … 2^53 − 1. Any other `seq` is treated as absent. */
  readonly seq?: number;
}

export type ReadingCode = 'message-not-json' | 'message-not-object' | 'member-duplicate' | 'device-forbidden';

/** Thrown by scanReading and caught by the parsers that use it, as JsonError is. */
export class ReadingError extends Error {
  readonly code: ReadingCode;

  constructor(code: ReadingCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Reads a whole message: the exact bytes that a device signed. */
export function parseReading(message: Uint8Array): Result<Reading, ReadingCode> {
  const scanner = new JsonScanner(message);
  // The leaf's first message byte tells a reading's shape, so white space before the object is not part of a message.
  if (message[0] !== 0x7b) return refuse('message-not-object', 'a reading is a JSON object');
  try {
    const reading = scanReading(scanner);
    if (scanner.at !== message.length) return refuse('message-not-json', 'unexpected text after the reading');
    return accept(reading);
  } catch (error) {
    if (error instanceof JsonError) return refuse('message-not-json', error.message);
    if (error instanceof ReadingError) return refuse(error.code, error.message);
    throw error;
  }
}

/** Scans the reading at which `scanner` stands. Throws JsonError and ReadingError. */
export function scanReading(scanner: JsonScanner): Reading {
  if (!scanner.isAtObject()) throw new ReadingError('message-not-object', 'data must be a JSON object');
  const names = new Set<string>();
  const reading: { device?: string; seq?: number } = {};
  scanner.object((name) => {
    if (names.has(name)) {
      throw new ReadingError('member-duplicate', `data has two members named ${JSON.stringify(name)}`);
    }
    names.add(name);
    if (name === 'device') reading.device = scanDevice(scanner);
    else if (name === 'seq') scanSeq(scanner, reading);
    else scanner.skipValue();
  });
  return reading;
}

/** Says why a text cannot name a device, or undefined when it can. */
export function deviceFault(device: string): string | undefined {
  if (device.length === 0) return 'device is an empty string';
  if (!device.isWellFormed()) return 'device has a lone surrogate';
  if (/\p{Cc}/u.test(device)) return 'device has a control character';
  if (device.length > MAX_DEVICE_BYTES || utf8(device).length > MAX_DEVICE_BYTES) {
    return `device is longer than ${MAX_DEVICE_BYTES} bytes`;
  }
  return undefined;
}

function scanDevice(scanner: JsonScanner): string {
  if (!scanner.isAtString()) throw new ReadingError('device-forbidden', 'device must be a string');
  const device = scanner.string();
  const fault = deviceFault(device);
  if (fault !== undefined) throw new ReadingError('device-forbidden', fault);
  return device;
}

function scanSeq(scanner: JsonScanner, reading: { seq?: number }): void {
  const start = scanner.at;
  scanner.skipValue();
  const sizeBytes = scanner.at - start;
  // 2^53 − 1 has 16 digits. Only plain digits count: 1.0 and 1e3 leave room for two readers to disagree.
  if (sizeBytes > 16) return;
  const text = String.fromCharCode(...scanner.bytes.subarray(start, scanner.at));
  if (!/^[0-9]+$/.test(text)) return;
  const seq = Number(text);
  if (Number.isSafeInteger(seq)) reading.seq = seq;
}
