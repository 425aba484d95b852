// One line of a sensor program, made into a reading or refused: an object, or an array of them or a SenML pack, under one signature. The line's
// bytes are kept as they are; at most `device` and `seq` are added where the line has none, in an array to its first object. What a reading may
// be: format.md, "Kind 1, reading".

import { fromUtf8, parseReading, type ReadingCode } from '@telltale/ledger';
import { appendMember } from './json-member.ts';
import type { Reading } from './sensor.ts';

/** Longest line in bytes: with appended members and the longest signature (512 bytes) it still fits a leaf (65,491 bytes). */
export const LINE_LIMIT_BYTES = 60_000;

export type LineResult =
  | { ok: true; reading: Reading; device: string }
  | { ok: false; code: ReadingCode | 'line-too-long' | 'object-empty' };

/**
 * @param line one line without its line feed
 * @param names.given appended as `device` when the line has none; undefined appends nothing
 * @param names.own the key's own device, which a reading without `device` belongs to; its counter then gives `seq`
 */
export function parseReadingLine(line: Uint8Array, names: { given: string | undefined; own: string }): LineResult {
  if (line.length > LINE_LIMIT_BYTES) return { ok: false, code: 'line-too-long' };
  const trimmed = trimWhiteSpace(line);
  const parsed = parseReading(trimmed);
  if (!parsed.ok) return { ok: false, code: parsed.code };
  const [first, ...rest] = memberNames(trimmed);
  if (first === undefined || first.length === 0) return { ok: false, code: 'object-empty' };
  const members = new Set([first, ...rest].flat());
  const { given } = names;
  const device = parsed.value.device ?? given ?? names.own;
  const json =
    members.has('device') || given === undefined ? trimmed : appendMember(trimmed, { name: 'device', value: given });
  // A `seq` of any form stays the device's own: a second member of that name would make the reading invalid.
  return { ok: true, device, reading: { json, sequenceOf: members.has('seq') ? undefined : device } };
}

/**
 * The names in each object of a line.
 * @param json bytes that parseReading has accepted, so a failure here is a broken invariant and may throw
 */
function memberNames(json: Uint8Array): string[][] {
  const value: unknown = JSON.parse(fromUtf8(json) ?? '');
  return (Array.isArray(value) ? value : [value]).map((object: unknown) => Object.keys(object ?? {}));
}

/** A message begins with `{` or `[`, so the white space that JSON allows around a value is not part of it. */
function trimWhiteSpace(line: Uint8Array): Uint8Array {
  let start = 0;
  let end = line.length;
  while (start < end && isWhiteSpace(line[start])) start++;
  while (end > start && isWhiteSpace(line[end - 1])) end--;
  return line.subarray(start, end);
}

function isWhiteSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}
