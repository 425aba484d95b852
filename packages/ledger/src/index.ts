// The public face of the ledger format.

export { type Block, signBlock, verifyBlockSignature } from './block.ts';
export type { Brand } from './brand.ts';
export { equalBytes, fromBase64, fromHex, fromUtf8, toBase64, toHex, utf8, viewOf } from './bytes.ts';
export { type CanonicalValue, canonicalJson } from './canonical-json.ts';
export { type ChainFault, type ChainSummary, ChainVerifier, type VerifiedLeaf } from './chain.ts';
export { type Checkpoint, formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.ts';
export { asHash, HASH_BYTES, type Hash, hashFromHex, sha256 } from './hash.ts';
export {
  decodeHeader,
  encodeHeader,
  genesisHeader,
  HEADER_BYTES,
  type Header,
  type HeaderCode,
  headerHash,
  isGenesis,
  LANE_BYTES,
  laneOf,
  NONCE_OFFSET,
} from './header.ts';
export { type JsonCode, JsonError, JsonScanner, MAX_DEPTH } from './json-scanner.ts';
export {
  ALGORITHM,
  type AlgorithmId,
  type AlgorithmName,
  asKeyId,
  type KeyCode,
  type KeyId,
  keyIdOf,
  ownDevice,
  type PublicKey,
  parsePublicKey,
  parsePublicKeyPem,
  publicKeyPem,
} from './keys.ts';
export {
  decodeLeaf,
  encodeLeaf,
  LEAF_FIXED_BYTES,
  LEAF_KIND,
  type Leaf,
  type LeafCode,
  type LeafKind,
  leafHash,
  MAX_LEAF_BYTES,
  maxMessageBytes,
  readingTransactionId,
  transactionIdOf,
  UNSIGNED,
} from './leaf.ts';
export {
  checkConsistency,
  checkInclusion,
  EMPTY_ROOT,
  Frontier,
  MerkleTree,
  type NodePosition,
  nodeHash,
  proveConsistency,
  proveInclusion,
  type ReadNode,
  rootAt,
  rootOfInclusion,
  subtreesOf,
} from './merkle.ts';
export {
  formatVerifierKey,
  type Note,
  type NoteSignature,
  type NoteVerifier,
  noteKeyHash,
  openNote,
  parseNote,
  parseVerifierKey,
  signNote,
} from './note.ts';
export { BITS_PER_DIFFICULTY, meetsDifficulty, searchNonce } from './proof-of-work.ts';
export {
  deviceFault,
  MAX_DEVICE_BYTES,
  parseReading,
  type Reading,
  type ReadingCode,
  scanReading,
} from './reading.ts';
export { issueReceipts, type Receipt, type ReceiptEntry, receiptLine, verifyReceipt } from './receipt.ts';
export { type EnrolledKey, Registry, type RegistryCode, type SignatureCheck } from './registry.ts';
export {
  type Enrolment,
  encodeEnrolment,
  encodeRevocation,
  parseEnrolment,
  parseRevocation,
  type Revocation,
} from './registry-message.ts';
export { accept, type Refusal, type Result, refuse } from './result.ts';
export { createSigner, createVerifier, type Signer, type Verifier } from './signature.ts';
export { blockText, enrolText, possessionText, receiptText, revokeText } from './signed-text.ts';
export { edgeRange, levelSize, splitHashes, TILE_WIDTH, type Tile, TileEdge } from './tiles.ts';
