// A block's header: 116 bytes, the nonce last, so that a miner hashes the first 64 bytes once. Source: format.md "Block header".

import { equalBytes, viewOf } from './bytes.ts';
import { asHash, HASH_BYTES, type Hash, sha256 } from './hash.ts';
import type { KeyId } from './keys.ts';
import { EMPTY_ROOT } from './merkle.ts';
import { accept, type Result, refuse } from './result.ts';

/** Bytes of a header, nonce included. */
export const HEADER_BYTES = 116;
/** Offset of the nonce, a 64-bit big-endian integer. */
export const NONCE_OFFSET = 108;
/** Bytes of a lane. */
export const LANE_BYTES = 12;
const HEADER_VERSION = 1;

/** What is mined: a hash-chained commitment to the log. Source: format.md "Block header". */
export interface Header {
  /** Height; genesis is 0. */
  readonly index: number;
  /** Hash of the block before; zeros for genesis. */
  readonly previousHash: Hash;
  /** Microseconds since the Unix epoch, strictly increasing along the chain. */
  readonly timestampUs: number;
  /** First 12 bytes of the key id of the ledger's key. */
  readonly lane: Uint8Array;
  /** RFC 6962 root over all leaves up to and including this block's. */
  readonly logRoot: Hash;
  /** Number of those leaves. */
  readonly logSize: number;
  /** Leading zero bits that the hash must have. */
  readonly difficultyBits: number;
  /** Any 64-bit number that meets the difficulty. */
  readonly nonce: bigint;
}

/** Why bytes are no header: another length, another version, or a number past 2^53 − 1. */
export type HeaderCode = 'header-length' | 'header-version' | 'header-number';

/** The 116 bytes of a header. */
export function encodeHeader(header: Header): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, HEADER_VERSION);
  view.setBigUint64(4, BigInt(header.index));
  bytes.set(header.previousHash, 12);
  view.setBigUint64(44, BigInt(header.timestampUs));
  bytes.set(header.lane, 52);
  bytes.set(header.logRoot, 64);
  view.setBigUint64(96, BigInt(header.logSize));
  view.setUint32(104, header.difficultyBits);
  view.setBigUint64(NONCE_OFFSET, header.nonce);
  return bytes;
}

/** Reads a header; whether its numbers fit a chain is not looked at. The byte fields are copies. */
export function decodeHeader(bytes: Uint8Array): Result<Header, HeaderCode> {
  if (bytes.length !== HEADER_BYTES)
    return refuse('header-length', `a header has ${HEADER_BYTES} bytes, not ${bytes.length}`);
  const view = viewOf(bytes);
  const version = view.getUint32(0);
  if (version !== HEADER_VERSION) return refuse('header-version', `header version ${version} is unknown`);
  const index = Number(view.getBigUint64(4));
  const timestampUs = Number(view.getBigUint64(44));
  const logSize = Number(view.getBigUint64(96));
  if (![index, timestampUs, logSize].every(Number.isSafeInteger)) {
    return refuse('header-number', 'index, timestamp or log_size is past 2^53');
  }
  return accept({
    index,
    previousHash: asHash(copyOf(bytes, 12, 44)),
    timestampUs,
    lane: copyOf(bytes, 52, 64),
    logRoot: asHash(copyOf(bytes, 64, 96)),
    logSize,
    difficultyBits: view.getUint32(104),
    nonce: view.getBigUint64(NONCE_OFFSET),
  });
}

/** hash = SHA-256(header). */
export function headerHash(header: Uint8Array): Hash {
  return sha256(header);
}

/** The lane of a ledger: the first 12 bytes of the key id of its key. */
export function laneOf(ledgerKeyId: KeyId): Uint8Array {
  return ledgerKeyId.slice(0, LANE_BYTES);
}

/** The first block of a chain: no leaves, no work. */
export function genesisHeader(at: { lane: Uint8Array; timestampUs: number }): Header {
  return {
    index: 0,
    previousHash: asHash(new Uint8Array(HASH_BYTES)),
    timestampUs: at.timestampUs,
    lane: at.lane,
    logRoot: EMPTY_ROOT,
    logSize: 0,
    difficultyBits: 0,
    nonce: 0n,
  };
}

/** Whether a header is that of a genesis block in every field but lane and timestamp. */
export function isGenesis(header: Header): boolean {
  const expected = encodeHeader(genesisHeader(header));
  return equalBytes(encodeHeader(header), expected);
}

/** A copy of bytes [start, end): the slice of a Buffer would be a view. */
function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return Uint8Array.from(bytes.subarray(start, end));
}
