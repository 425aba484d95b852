// A proof that a transaction is sealed in the log, to be checked offline: leaf, index, inclusion path and a signed checkpoint in one text.
// It does not show that the key was not revoked before; an export does. Source: C2SP tlog-proof v1; format.md "Receipts and proofs".

import { concat, fromBase64, fromHex, toBase64, toHex, viewOf } from './bytes.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { asHash, HASH_BYTES, type Hash } from './hash.ts';
import { formatHashLines, MAX_PATH_HASHES, parseDecimal, parseHashLines } from './hash-lines.ts';
import { type PublicKey, parsePublicKey } from './keys.ts';
import { decodeLeaf, leafHash as hashOfLeaf, LEAF_FIXED_BYTES, type Leaf, transactionIdOf } from './leaf.ts';
import { checkLeafAlone, type LeafAloneCode } from './leaf-alone.ts';
import { checkInclusion } from './merkle.ts';
import type { NoteCode, NoteVerifier } from './note.ts';
import type { Reading } from './reading.ts';
import { accept, type Result, refuse } from './result.ts';

/** Everything that shows a leaf to be in a log, for whoever knows the ledger’s key. Source: C2SP tlog-proof v1, format.md "Receipts and proofs". */
export interface Proof {
  readonly leafIndex: number;
  /** Nearest sibling first (RFC 6962 section 2.1.1). */
  readonly path: readonly Hash[];
  /** The signed note of a checkpoint that covers the leaf, with whatever cosignatures it has. */
  readonly checkpoint: string;
  readonly leaf: Uint8Array;
  /** SubjectPublicKeyInfo DER of the leaf's signer; of the enrolled key where nobody signed (a first use). */
  readonly spki: Uint8Array;
}

/** The same as JSON: hexadecimal hashes, base64 leaf and key. */
export interface ProofJson {
  readonly leaf_index: number;
  readonly path: readonly string[];
  readonly checkpoint: string;
  readonly leaf: string;
  readonly public_key: string;
}

/** What a proof shows. */
export interface CheckedProof {
  readonly checkpoint: Checkpoint;
  readonly leafIndex: number;
  readonly leaf: Leaf;
  readonly leafHash: Hash;
  readonly transactionId: Hash;
  /** The key that signed the leaf. */
  readonly key: PublicKey;
  /** Of kind 1: what it says, with the device that it speaks for. */
  readonly reading?: Reading & { readonly device: string };
}

/** Why a proof does not hold. */
export type ProofCode =
  | 'proof-malformed'
  | 'proof-inclusion'
  | 'proof-key'
  | 'checkpoint-malformed'
  | NoteCode
  | LeafAloneCode;

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';
/** Bytes of the length before the leaf in the extra data. */
const LENGTH_BYTES = 2;

/** The tlog-proof text; its extra data is base64(uint16 length ‖ leaf ‖ SPKI DER). Files of it end in `.tlog-proof`. */
export function formatProof(proof: Proof): string {
  const length = new Uint8Array(LENGTH_BYTES);
  viewOf(length).setUint16(0, proof.leaf.length);
  const extra = toBase64(concat(length, proof.leaf, proof.spki));
  return `${FIRST_LINE}\nextra ${extra}\nindex ${proof.leafIndex}\n${formatHashLines(proof.path)}\n${proof.checkpoint}`;
}

/** Reads a tlog-proof text whose extra data holds the leaf and its signer's key. Nothing is checked but the form. */
export function parseProof(text: string): Result<Proof, 'proof-malformed'> {
  const split = text.indexOf('\n\n');
  const [first, extraLine = '', indexLine = '', ...lines] = text.slice(0, Math.max(0, split)).split('\n');
  if (split < 0 || first !== FIRST_LINE) return malformed(`a proof begins with the line ${FIRST_LINE}`);
  if (!extraLine.startsWith('extra '))
    return malformed('the proof has no extra data: the leaf and its key are missing');
  const extra = fromBase64(extraLine.slice('extra '.length));
  const leafBytes = extra && extra.length >= LENGTH_BYTES ? viewOf(extra).getUint16(0) : 0;
  if (!extra || leafBytes < LEAF_FIXED_BYTES || extra.length <= LENGTH_BYTES + leafBytes) {
    return malformed('the extra data of the proof is not a leaf and a public key');
  }
  const leafIndex = indexLine.startsWith('index ') ? parseDecimal(indexLine.slice('index '.length)) : undefined;
  if (leafIndex === undefined) return malformed('the proof has no line `index <decimal>` below its extra data');
  const path = parseHashLines(lines);
  if (!path) return malformed(`the path of the proof is not at most ${MAX_PATH_HASHES} hashes in base64, a line each`);
  const leaf = extra.subarray(LENGTH_BYTES, LENGTH_BYTES + leafBytes);
  return accept({
    leafIndex,
    path,
    checkpoint: text.slice(split + 2),
    leaf,
    spki: extra.subarray(LENGTH_BYTES + leafBytes),
  });
}

/** The JSON form of a proof. */
export function proofToJson(proof: Proof): ProofJson {
  return {
    leaf_index: proof.leafIndex,
    path: proof.path.map(toHex),
    checkpoint: proof.checkpoint,
    leaf: toBase64(proof.leaf),
    public_key: toBase64(proof.spki),
  };
}

/** Reads the JSON form, already parsed. Members beside the five are passed over. */
export function proofFromJson(value: unknown): Result<Proof, 'proof-malformed'> {
  if (typeof value !== 'object' || value === null) return malformed('a proof is a JSON object');
  const { leaf_index: leafIndex, path, checkpoint, leaf, public_key: key } = value as { [name: string]: unknown };
  if (typeof leafIndex !== 'number' || !Number.isSafeInteger(leafIndex) || leafIndex < 0) {
    return malformed('leaf_index is not the index of a leaf');
  }
  if (!Array.isArray(path) || path.length > MAX_PATH_HASHES) return malformed('path is not a list of hashes');
  const hashes = path.map((hash) => (typeof hash === 'string' ? fromHex(hash) : undefined));
  if (!hashes.every((hash) => hash?.length === HASH_BYTES)) return malformed('path is not a list of hashes');
  const leafBytes = typeof leaf === 'string' ? fromBase64(leaf) : undefined;
  const spki = typeof key === 'string' ? fromBase64(key) : undefined;
  if (!leafBytes || !spki) return malformed('leaf or public_key is not base64');
  if (typeof checkpoint !== 'string') return malformed('checkpoint is not a text');
  return accept({
    leafIndex,
    path: hashes.map((hash) => asHash(hash ?? new Uint8Array(0))),
    checkpoint,
    leaf: leafBytes,
    spki,
  });
}

/**
 * Checks a proof with nothing but the ledger's verifier key: the checkpoint is the ledger's, the leaf is in the tree that it speaks of,
 * and the leaf's own signatures are right and by the key that the proof brings, which is the one that the leaf names.
 */
export async function checkProof(check: {
  proof: Proof;
  verifier: NoteVerifier;
}): Promise<Result<CheckedProof, ProofCode>> {
  const { proof, verifier } = check;
  const checkpoint = await openCheckpoint(proof.checkpoint, verifier);
  if (!checkpoint.ok) return checkpoint;
  const leafHash = hashOfLeaf(proof.leaf);
  const { leafIndex, path } = proof;
  const { size: treeSize, root } = checkpoint.value;
  if (!checkInclusion({ leafIndex, treeSize, leafHash, path, root })) {
    return refuse('proof-inclusion', `the path does not lead from leaf ${leafIndex} to the root of the checkpoint`);
  }
  const leaf = decodeLeaf(proof.leaf);
  if (!leaf.ok) return leaf;
  const key = parsePublicKey(proof.spki);
  if (!key.ok) return refuse('proof-key', key.message);
  const alone = await checkLeafAlone({ leaf: leaf.value, key: key.value, ledger: verifier });
  if (!alone.ok) return alone;
  return accept({
    checkpoint: checkpoint.value,
    leafIndex,
    leaf: leaf.value,
    leafHash,
    transactionId: transactionIdOf(leaf.value, leafHash),
    key: key.value,
    ...(alone.value && { reading: alone.value }),
  });
}

function malformed(message: string) {
  return refuse('proof-malformed', message);
}
