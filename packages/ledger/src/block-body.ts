// A block's body: what the ring keeps of a block, so that one body alone checks against its own header.
// body = header ‖ block signature ‖ compact range of the log before the block ‖ the leaves, each behind a uint16 length.
// compact range = uint64 previous log_size ‖ one hash for each 1 in its binary form, largest subtree first. Source: peering.md section 3.2.

import { type Block, verifyBlockSignature } from './block.ts';
import { concat, equalBytes, viewOf } from './bytes.ts';
import { asHash, HASH_BYTES, type Hash } from './hash.ts';
import { decodeHeader, HEADER_BYTES, type Header, type HeaderCode, headerHash, isGenesis, laneOf } from './header.ts';
import type { KeyId } from './keys.ts';
import { decodeLeaf, type LeafCode, leafHash, MAX_LEAF_BYTES } from './leaf.ts';
import { Frontier, subtreesOf } from './merkle.ts';
import { meetsDifficulty } from './proof-of-work.ts';
import { accept, type Result, refuse } from './result.ts';
import type { Verifier } from './signature.ts';

/** Longest body, in bytes: 64 MiB, about a thousand of the longest leaves. Bounds what one value of the ring holds in memory. */
export const MAX_BLOCK_BODY_BYTES = 64 * 1024 * 1024;

const SIGNATURE_BYTES = 64;
const RANGE_OFFSET = HEADER_BYTES + SIGNATURE_BYTES;
const SIZE_BYTES = 8;
const LENGTH_BYTES = 2;

/** A block and the right edge of the log just before it. */
export interface BlockBody extends Block {
  /** Leaves of the log before this block. */
  readonly previousLogSize: number;
  /** The roots of the whole subtrees that `previousLogSize` splits into, largest first. */
  readonly peaks: readonly Hash[];
}

/** Why bytes are no body: cut short or with bytes behind, too long, or a number past 2^53 − 1. */
export type BlockBodyCode = 'body-length' | 'body-number';

/** Why a body is not the block of this ledger. */
export type CheckBodyCode =
  | BlockBodyCode
  | HeaderCode
  | LeafCode
  | 'lane'
  | 'genesis'
  | 'block-empty'
  | 'proof-of-work'
  | 'log-size'
  | 'log-root'
  | 'received-at'
  | 'timestamp'
  | 'block-signature';

/** A body that agrees with itself and with the ledger's key. */
export interface CheckedBlockBody extends BlockBody {
  readonly decodedHeader: Header;
  readonly hash: Hash;
}

/** The bytes of a body. Throws RangeError for what no block is: parts of other lengths, peaks that do not fit, more than 64 MiB. */
export function encodeBlockBody(body: BlockBody): Uint8Array {
  const { header, signature, leaves, previousLogSize, peaks } = body;
  if (header.length !== HEADER_BYTES || signature.length !== SIGNATURE_BYTES) {
    throw new RangeError('a body begins with a header of 116 bytes and a signature of 64');
  }
  if (peaks.length !== subtreesOf(0, previousLogSize).length) {
    throw new RangeError(`${peaks.length} peaks do not make ${previousLogSize} leaves`);
  }
  const size = new Uint8Array(SIZE_BYTES);
  viewOf(size).setBigUint64(0, BigInt(previousLogSize));
  const parts = [header, signature, size, ...peaks];
  for (const leaf of leaves) {
    if (leaf.length > MAX_LEAF_BYTES) throw new RangeError(`a leaf has at most ${MAX_LEAF_BYTES} bytes`);
    parts.push(Uint8Array.of(leaf.length >> 8, leaf.length & 0xff), leaf);
  }
  let sizeBytes = 0;
  for (const part of parts) sizeBytes += part.length;
  if (sizeBytes > MAX_BLOCK_BODY_BYTES) {
    throw new RangeError(`a body has at most ${MAX_BLOCK_BODY_BYTES} bytes, not ${sizeBytes}`);
  }
  return concat(...parts);
}

/** Reads a body; header and leaves are not looked into. The parts are views of `bytes`, not copies. */
export function decodeBlockBody(bytes: Uint8Array): Result<BlockBody, BlockBodyCode> {
  if (bytes.length > MAX_BLOCK_BODY_BYTES) {
    return refuse('body-length', `a body has at most ${MAX_BLOCK_BODY_BYTES} bytes, not ${bytes.length}`);
  }
  const cut = refuse('body-length', 'the body ends in the middle of a part');
  if (bytes.length < RANGE_OFFSET + SIZE_BYTES) return cut;
  const view = viewOf(bytes);
  const previousLogSize = Number(view.getBigUint64(RANGE_OFFSET));
  if (!Number.isSafeInteger(previousLogSize)) return refuse('body-number', 'the previous log_size is past 2^53');
  let at = RANGE_OFFSET + SIZE_BYTES;
  const peaks: Hash[] = [];
  for (let left = countOfOnes(previousLogSize); left > 0; left--) {
    if (at + HASH_BYTES > bytes.length) return cut;
    peaks.push(asHash(bytes.subarray(at, at + HASH_BYTES)));
    at += HASH_BYTES;
  }
  const leaves: Uint8Array[] = [];
  while (at < bytes.length) {
    if (at + LENGTH_BYTES > bytes.length) return cut;
    const end = at + LENGTH_BYTES + view.getUint16(at);
    if (end > bytes.length) return cut;
    leaves.push(bytes.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return accept({
    header: bytes.subarray(0, HEADER_BYTES),
    signature: bytes.subarray(HEADER_BYTES, RANGE_OFFSET),
    previousLogSize,
    peaks,
    leaves,
  });
}

/**
 * Checks a body by itself: the header is of this ledger's lane and mined, the ledger's key signed its hash, and the leaves take the log from
 * the compact range to exactly the header's log_root and log_size. What needs other blocks is not said: links, heights, that the difficulty
 * never falls, who may sign which reading (see ChainVerifier). `verify` is that of the ledger's key.
 */
export async function checkBlockBody(
  bytes: Uint8Array,
  ledger: { origin: string; keyId: KeyId; verify: Verifier },
): Promise<Result<CheckedBlockBody, CheckBodyCode>> {
  const body = decodeBlockBody(bytes);
  if (!body.ok) return body;
  const decoded = decodeHeader(body.value.header);
  if (!decoded.ok) return decoded;
  const header = decoded.value;
  const hash = headerHash(body.value.header);
  if (!equalBytes(header.lane, laneOf(ledger.keyId))) return refuse('lane', 'the lane is not that of the ledger’s key');
  const isFirst = header.index === 0;
  if (isFirst && !isGenesis(header)) return refuse('genesis', 'block 0 is not a genesis block');
  if (!isFirst && !meetsDifficulty(hash, header.difficultyBits)) {
    return refuse('proof-of-work', `the hash does not begin with ${header.difficultyBits} zero bits`);
  }
  if (!isFirst && body.value.leaves.length === 0) {
    return refuse('block-empty', 'a block after genesis has at least one leaf');
  }
  const wrong = logFault(body.value, header);
  if (wrong) return wrong;
  const { signature } = body.value;
  const isSigned = await verifyBlockSignature({ origin: ledger.origin, hash, signature, verify: ledger.verify });
  if (!isSigned) return refuse('block-signature', 'the block signature is not the ledger’s');
  return accept({ ...body.value, decodedHeader: header, hash });
}

/** What is wrong between the leaves, the compact range and the header. */
function logFault(body: BlockBody, header: Header) {
  const logSize = body.previousLogSize + body.leaves.length;
  if (header.logSize !== logSize) {
    return refuse('log-size', `log_size is ${header.logSize}, range and leaves make it ${logSize}`);
  }
  const frontier = new Frontier(body.previousLogSize, body.peaks);
  let lastReceivedAtUs = 0;
  for (const bytes of body.leaves) {
    const leaf = decodeLeaf(bytes);
    if (!leaf.ok) return leaf;
    if (leaf.value.receivedAtUs < lastReceivedAtUs) {
      return refuse('received-at', 'received_at is before that of the leaf before');
    }
    lastReceivedAtUs = leaf.value.receivedAtUs;
    frontier.append(leafHash(bytes));
  }
  if (header.timestampUs < lastReceivedAtUs) return refuse('timestamp', 'the block is older than its last leaf');
  if (!equalBytes(frontier.root(), header.logRoot)) {
    return refuse('log-root', 'range and leaves do not give the log root of the header');
  }
  return undefined;
}

function countOfOnes(value: number): number {
  let count = 0;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
