// Signed records: what the ring keeps beside content-addressed values. A record maps a name to a small value under its owner's signature.
// record = uint8 length ‖ kind ‖ owner (32) ‖ uint16 length ‖ name ‖ uint64 version ‖ uint16 length ‖ value ‖ signature (64).
// The signature covers "telltale-record-v1\n" ‖ everything before it. Several owners may have a record under one key.

import { accept, fromUtf8, type Result, refuse, type Signer, sha256, utf8, viewOf } from '@telltale/ledger';
import { type NodeId, nodeIdOf } from '../node-id.ts';
import { blockRecordFault, blockRecordNames } from './block-statement.ts';
import { laneRecordFault } from './lane-statement.ts';
import { isSignedBy, RAW_KEY_BYTES, SIGNATURE_BYTES } from './raw-key.ts';

/**
 * 'block': a lane's statement of one block, never changed. 'lane': its statement of its ledger's name. 'chunk': where a chunk of a chunk-store
 * is, changed by higher versions.
 */
const RECORD_KINDS = ['block', 'lane', 'chunk'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** Bounds of a record, in bytes: both kinds need less than 200. They bound what a peer can make others keep under one signature; guesses. */
const MAX_NAME_BYTES = 256;
const MAX_VALUE_BYTES = 1024;

/** What a record says. `version`: a safe integer; of one owner and name the higher one counts, at a tie the smaller bytes. */
export interface RecordStatement {
  readonly kind: RecordKind;
  /** Raw Ed25519 key, 32 bytes. */
  readonly owner: Uint8Array;
  readonly name: Uint8Array;
  readonly version: number;
  readonly value: Uint8Array;
}

/** A record whose signature was verified, and its exact bytes. */
export interface SignedRecord extends RecordStatement {
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`. */
  readonly id: NodeId;
}

/** Why bytes are no record: another layout or bounds, a signature that is not the owner's, or a value that its kind does not allow. */
export type RecordCode = 'record-layout' | 'record-signature' | 'record-value';

const DOMAIN = 'telltale-record-v1';

/** Where records of this kind and name are kept: SHA-256("telltale-record-v1" ‖ uint8 length ‖ kind ‖ name). */
export function recordKey(kind: RecordKind, name: Uint8Array): NodeId {
  const kindBytes = utf8(kind);
  return nodeIdOf(sha256(Buffer.concat([utf8(DOMAIN), Uint8Array.of(kindBytes.length), kindBytes, name])));
}

/** Every key that a record belongs under: that of its name, and for a block also that of its header hash. */
export function recordKeys(record: RecordStatement): NodeId[] {
  const names = record.kind === 'block' ? blockRecordNames(record) : [record.name];
  return names.map((name) => recordKey(record.kind, name));
}

/** Makes a record; `sign` signs for `owner`. Throws RangeError for what no reader would take. */
export function signRecord(statement: RecordStatement, sign: Signer): Uint8Array {
  const body = encodeStatement(statement);
  const record = Buffer.concat([body, sign(textOf(body))]);
  const read = readRecord(record);
  if (!read.ok) throw new RangeError(read.message);
  return Uint8Array.from(record);
}

/** Reads a record and verifies its owner's signature. The parts are views of `bytes`. */
export function readRecord(bytes: Uint8Array): Result<SignedRecord, RecordCode> {
  const statement = decodeStatement(bytes);
  if (!statement) return refuse('record-layout', 'the bytes do not have the layout of a record');
  const fault = faultOfKind(statement);
  if (fault) return refuse('record-value', fault);
  const text = textOf(bytes.subarray(0, bytes.length - SIGNATURE_BYTES));
  if (!isSignedBy(statement.owner, { text, signature: bytes.subarray(bytes.length - SIGNATURE_BYTES) })) {
    return refuse('record-signature', 'the record is not signed by its owner');
  }
  return accept({ ...statement, bytes, id: nodeIdOf(sha256(bytes)) });
}

function faultOfKind(statement: RecordStatement): string | undefined {
  switch (statement.kind) {
    case 'block':
      return blockRecordFault(statement);
    case 'lane':
      return laneRecordFault(statement);
    case 'chunk':
      return undefined;
    default:
      return statement.kind satisfies never;
  }
}

function textOf(body: Uint8Array): Uint8Array {
  return Buffer.concat([utf8(`${DOMAIN}\n`), body]);
}

function encodeStatement({ kind, owner, name, version, value }: RecordStatement): Uint8Array {
  if (owner.length !== RAW_KEY_BYTES || name.length > MAX_NAME_BYTES || value.length > MAX_VALUE_BYTES) {
    throw new RangeError('owner, name or value of the record has a length that is not allowed');
  }
  const kindBytes = utf8(kind);
  const numbers = new Uint8Array(2 + 8 + 2);
  const view = viewOf(numbers);
  view.setUint16(0, name.length);
  view.setBigUint64(2, BigInt(version));
  view.setUint16(10, value.length);
  return Buffer.concat([
    Uint8Array.of(kindBytes.length),
    kindBytes,
    owner,
    numbers.subarray(0, 2),
    name,
    numbers.subarray(2),
    value,
  ]);
}

function decodeStatement(bytes: Uint8Array): RecordStatement | undefined {
  let at = 0;
  // What runs past the end comes out short; `at` then misses the length, which is looked at once, below.
  const take = (length: number): Uint8Array => {
    const part = bytes.subarray(at, at + length);
    at += length;
    return part;
  };
  const number = (part: Uint8Array) => part.reduce((value, byte) => value * 256 + byte, 0);
  const kindText = fromUtf8(take(number(take(1))));
  const kind = RECORD_KINDS.find((known) => known === kindText);
  const owner = take(RAW_KEY_BYTES);
  const name = take(number(take(2)));
  const version = number(take(8));
  const value = take(number(take(2)));
  take(SIGNATURE_BYTES);
  if (at !== bytes.length || !kind || !Number.isSafeInteger(version)) return undefined;
  if (name.length > MAX_NAME_BYTES || value.length > MAX_VALUE_BYTES) return undefined;
  return { kind, owner, name, version, value };
}
