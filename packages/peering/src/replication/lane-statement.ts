// The records of kind 'lane': a lane's key says what its ledger is called, which is part of everything that the ledger signs, so that whoever
// finds its blocks can check them. name = lane (12); value = origin as UTF-8; version 0, never changed.

import { equalBytes, fromUtf8, type KeyId, LANE_BYTES, laneOf, utf8 } from '@telltale/ledger';
import { publicKeyOf } from './raw-key.ts';
import type { RecordStatement } from './signed-record.ts';

/** A C2SP name, as LEDGER_ORIGIN is one: 1 to 255 characters, none of them a space, a plus sign or a control character. */
const ORIGIN = /^[^\s+\p{Cc}]{1,255}$/u;

/** What a lane says of itself. */
export interface LaneStatement {
  /** 12 bytes. */
  readonly lane: Uint8Array;
  readonly origin: string;
  /** Of the ledger's key, the owner of the record. */
  readonly keyId: KeyId;
}

/** The record, unsigned, with which the ledger's key `owner` (raw, 32 bytes) names its ledger. */
export function laneRecord(owner: Uint8Array, { lane, origin }: { lane: Uint8Array; origin: string }): RecordStatement {
  return { kind: 'lane', owner, name: lane, version: 0, value: utf8(origin) };
}

/** What a record of kind 'lane' says. Undefined for other kinds, another layout, and an owner who is not the lane's key. */
export function readLaneStatement(record: RecordStatement): LaneStatement | undefined {
  const { kind, name, value, version, owner } = record;
  if (kind !== 'lane' || name.length !== LANE_BYTES || version !== 0) return undefined;
  const origin = fromUtf8(value);
  const key = publicKeyOf(owner);
  if (origin === undefined || !ORIGIN.test(origin) || !key || !equalBytes(laneOf(key.keyId), name)) return undefined;
  return { lane: name.slice(), origin, keyId: key.keyId };
}

/** Why no receiver may keep this record of kind 'lane'. */
export function laneRecordFault(record: RecordStatement): string | undefined {
  return readLaneStatement(record) ? undefined : 'the record is not what a lane’s key says of its ledger';
}
