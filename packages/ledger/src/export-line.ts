// The lines of an export: the ledger, each block, the checkpoint at the end. JSON Lines, one object a line. Source: format.md "Export".
// Each line is read and written alone; what they must be together is verify-export.ts.

import type { Block } from './block.ts';
import { decodeBase64, fromBase64, toBase64 } from './bytes.ts';
import { HEADER_BYTES } from './header.ts';
import { JsonError, JsonScanner } from './json-scanner.ts';
import { type PublicKey, parsePublicKey } from './keys.ts';
import { LEAF_FIXED_BYTES, MAX_LEAF_BYTES } from './leaf.ts';
import { accept, type Result, refuse } from './result.ts';

/** One line of an export, read: the first names the ledger, the last is its signed checkpoint. Source: format.md "Export". */
export type ExportLine =
  | { readonly kind: 'ledger'; readonly origin: string; readonly key: PublicKey }
  | { readonly kind: 'block'; readonly block: Block }
  | { readonly kind: 'end'; readonly checkpoint: string };

/** Why a line is none: not the JSON of its kind, another format, or a key that cannot be used. */
export type ExportLineCode = 'export-line' | 'export-format' | 'export-key';

const FORMAT = 'telltale-export-v1';
/** The ledger's key is an Ed25519 key, so its block signatures have 64 bytes. */
const SIGNATURE_BYTES = 64;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The first line: whose export this is. `spki`: SubjectPublicKeyInfo DER of the ledger's key. */
export function formatExportHeader(ledger: { origin: string; spki: Uint8Array }): string {
  return `${JSON.stringify({ format: FORMAT, origin: ledger.origin, public_key: toBase64(ledger.spki) })}\n`;
}

/** The line of a block. */
export function formatExportBlock(block: Block): string {
  const { header, signature, leaves } = block;
  return `${JSON.stringify({ header: toBase64(header), signature: toBase64(signature), leaves: leaves.map(toBase64) })}\n`;
}

/** The last line. `checkpointNote`: the signed checkpoint of the last block. */
export function formatExportEnd(checkpointNote: string): string {
  return `${JSON.stringify({ checkpoint: checkpointNote })}\n`;
}

/**
 * Reads one line, without its line feed. Strict: exactly the members of its kind, each once, base64 in its one spelling, byte strings of
 * the right size, no white space before or behind the object. What the bytes of a block say is not looked at.
 */
export function parseExportLine(line: Uint8Array): Result<ExportLine, ExportLineCode> {
  const scanned = scanMembers(line);
  if (!scanned.ok) return scanned;
  const members = scanned.value;
  if (hasExactly(members, ['format', 'origin', 'public_key'])) return ledgerLine(members);
  if (hasExactly(members, ['header', 'signature', 'leaves'])) return blockLine(members);
  const checkpoint = members.get('checkpoint');
  if (hasExactly(members, ['checkpoint']) && typeof checkpoint === 'string') return accept({ kind: 'end', checkpoint });
  return malformed('the members are not those of a ledger, a block or the end of an export');
}

/** A string, or a list of strings of base64 with the bytes that they stand for: undefined for one that is no base64. */
type Member = string | readonly (Uint8Array | undefined)[];
type Members = ReadonlyMap<string, Member>;

function ledgerLine(members: Members): Result<ExportLine, ExportLineCode> {
  const origin = members.get('origin');
  const base64 = members.get('public_key');
  if (members.get('format') !== FORMAT) return refuse('export-format', `the export is not of format ${FORMAT}`);
  // What a signed note can name (C2SP signed-note), and no text that another signature of this format could begin with.
  if (typeof origin !== 'string' || !/^[^+\p{White_Space}\p{Cc}]+$/u.test(origin) || origin.startsWith('telltale-')) {
    return malformed('origin is not the name of a ledger');
  }
  const spki = typeof base64 === 'string' ? fromBase64(base64) : undefined;
  const key = spki && parsePublicKey(spki);
  if (!key?.ok) return refuse('export-key', 'public_key is not a key that can be used');
  return accept({ kind: 'ledger', origin, key: key.value });
}

function blockLine(members: Members): Result<ExportLine, ExportLineCode> {
  const header = bytesOf(members.get('header'));
  const signature = bytesOf(members.get('signature'));
  const list = members.get('leaves');
  if (header?.length !== HEADER_BYTES) return malformed(`header is not the base64 of ${HEADER_BYTES} bytes`);
  if (signature?.length !== SIGNATURE_BYTES)
    return malformed(`signature is not the base64 of ${SIGNATURE_BYTES} bytes`);
  if (typeof list === 'string' || list === undefined) return malformed('leaves is not a list');
  const leaves: Uint8Array[] = [];
  for (const [i, leaf] of list.entries()) {
    if (!leaf || leaf.length < LEAF_FIXED_BYTES || leaf.length > MAX_LEAF_BYTES) {
      return malformed(`leaf ${i} of the block is not the base64 of ${LEAF_FIXED_BYTES} to ${MAX_LEAF_BYTES} bytes`);
    }
    leaves.push(leaf);
  }
  return accept({ kind: 'block', block: { header, signature, leaves } });
}

/** The members of an object whose values are strings or lists of base64. JSON.parse would pass over a member that comes twice. */
function scanMembers(line: Uint8Array): Result<Members, 'export-line'> {
  if (line[0] !== OPEN_BRACE || line.at(-1) !== CLOSE_BRACE) return malformed('the line is not a JSON object');
  const members = new Map<string, Member>();
  let fault: string | undefined;
  const scanner = new JsonScanner(line);
  try {
    scanner.object((name) => {
      if (members.has(name)) fault ??= `the line has two members named ${JSON.stringify(name)}`;
      if (scanner.isAtArray()) members.set(name, scanBase64List(scanner));
      else if (scanner.isAtString()) members.set(name, scanner.string());
      else {
        scanner.skipValue();
        fault ??= `the member ${JSON.stringify(name)} is neither a string nor a list`;
      }
    });
    scanner.end();
  } catch (error) {
    if (error instanceof JsonError) return malformed(error.message);
    throw error;
  }
  return fault === undefined ? accept(members) : malformed(fault);
}

/** One piece of memory for all leaves of a block, and no text in between: most of an export are leaves. */
function scanBase64List(scanner: JsonScanner): (Uint8Array | undefined)[] {
  const bytes = new Uint8Array(Math.ceil(((scanner.bytes.length - scanner.at) * 3) / 4));
  const list: (Uint8Array | undefined)[] = [];
  const target = { bytes, at: 0 };
  scanner.array(() => {
    const text = scanner.isAtString() ? scanner.asciiBytes() : scanner.skipValue();
    const end = text && decodeBase64(text, target);
    list.push(end === undefined ? undefined : bytes.subarray(target.at, end));
    target.at = end ?? target.at;
  });
  return list;
}

function hasExactly(members: Members, names: readonly string[]): boolean {
  return members.size === names.length && names.every((name) => members.has(name));
}

function bytesOf(value: Member | undefined): Uint8Array | undefined {
  return typeof value === 'string' ? fromBase64(value) : undefined;
}

function malformed(message: string) {
  return refuse('export-line', message);
}
