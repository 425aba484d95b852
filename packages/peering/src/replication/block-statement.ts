// The records of kind 'block': a lane's key says which body its block of one height has. Found by (lane, height) and by header hash.
// name = lane (12) ‖ uint64 height; value = header hash (32) ‖ body hash (32) ‖ uint64 length of the body; version 0, never changed.
// Not here: whether the body is right (checkBlockBody of @telltale/ledger).

import { asHash, equalBytes, type Hash, LANE_BYTES, laneOf, MAX_BLOCK_BODY_BYTES, viewOf } from '@telltale/ledger';
import { publicKeyOf } from './raw-key.ts';
import type { RecordStatement } from './signed-record.ts';

/** What a lane says of one of its blocks. */
export interface BlockStatement {
  /** 12 bytes. */
  readonly lane: Uint8Array;
  readonly height: number;
  readonly headerHash: Hash;
  readonly bodyHash: Hash;
  readonly bodyBytes: number;
}

const NAME_BYTES = LANE_BYTES + 8;
const VALUE_BYTES = 32 + 32 + 8;

/** The name under which a lane's block of this height is found. */
export function blockName(at: { lane: Uint8Array; height: number }): Uint8Array {
  const name = new Uint8Array(NAME_BYTES);
  name.set(at.lane);
  viewOf(name).setBigUint64(LANE_BYTES, BigInt(at.height));
  return name;
}

/** The record, unsigned, with which the lane's key `owner` (raw, 32 bytes) makes this statement. */
export function blockRecord(owner: Uint8Array, statement: BlockStatement): RecordStatement {
  const value = new Uint8Array(VALUE_BYTES);
  value.set(statement.headerHash);
  value.set(statement.bodyHash, 32);
  viewOf(value).setBigUint64(64, BigInt(statement.bodyBytes));
  return { kind: 'block', owner, name: blockName(statement), version: 0, value };
}

/** What a record of kind 'block' says. Undefined for other kinds and for another layout. */
export function readBlockStatement(record: RecordStatement): BlockStatement | undefined {
  const { kind, name, value } = record;
  if (kind !== 'block' || name.length !== NAME_BYTES || value.length !== VALUE_BYTES) return undefined;
  const height = Number(viewOf(name).getBigUint64(LANE_BYTES));
  const bodyBytes = Number(viewOf(value).getBigUint64(64));
  if (!Number.isSafeInteger(height) || bodyBytes > MAX_BLOCK_BODY_BYTES) return undefined;
  return {
    lane: name.slice(0, LANE_BYTES),
    height,
    headerHash: asHash(value.slice(0, 32)),
    bodyHash: asHash(value.slice(32, 64)),
    bodyBytes,
  };
}

/** Why no receiver may keep this record of kind 'block': only the lane's own key speaks for the lane. */
export function blockRecordFault(record: RecordStatement): string | undefined {
  const statement = readBlockStatement(record);
  const key = publicKeyOf(record.owner);
  if (!statement || record.version !== 0) return 'the record does not have the layout of a statement of a block';
  return key && equalBytes(laneOf(key.keyId), statement.lane) ? undefined : 'the owner is not the key of the lane';
}

/** The names that a record of kind 'block' is kept under. */
export function blockRecordNames(record: RecordStatement): Uint8Array[] {
  const statement = readBlockStatement(record);
  return statement ? [record.name, statement.headerHash] : [];
}
