// The public face of the ledger format.

export { type Block, signBlock, verifyBlockSignature } from './block.ts';
export {
  type BlockBody,
  type BlockBodyCode,
  type CheckBodyCode,
  type CheckedBlockBody,
  checkBlockBody,
  decodeBlockBody,
  encodeBlockBody,
  MAX_BLOCK_BODY_BYTES,
} from './block-body.ts';
export type { Brand } from './brand.ts';
export { equalBytes, fromBase64, fromHex, fromUtf8, toBase64, toHex, utf8, viewOf } from './bytes.ts';
export { type CanonicalValue, canonicalJson } from './canonical-json.ts';
export { type ChainSummary, ChainVerifier, type VerifiedLeaf } from './chain.ts';
export type { ChainFault, LeafFault } from './chain-fault.ts';
export { type Checkpoint, formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.ts';
export {
  type Cosignature,
  type CosignatureCode,
  type CosignatureVerifier,
  cosignCheckpoint,
  formatCosignerKey,
  openCosignature,
  parseCosignerKey,
} from './cosignature.ts';
export {
  type ExportLine,
  type ExportLineCode,
  formatExportBlock,
  formatExportEnd,
  formatExportHeader,
  parseExportLine,
} from './export-line.ts';
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
  setReceivedAt,
  transactionIdOf,
  UNSIGNED,
} from './leaf.ts';
export {
  checkConsistency,
  checkInclusion,
  consistencyNodes,
  EMPTY_ROOT,
  Frontier,
  inclusionNodes,
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
  noteVerifierOf,
  openNote,
  parseNote,
  parseVerifierKey,
  signNote,
} from './note.ts';
export {
  type CheckedProof,
  checkProof,
  formatProof,
  type Proof,
  type ProofCode,
  type ProofJson,
  parseProof,
  proofFromJson,
  proofToJson,
} from './proof.ts';
export { BITS_PER_DIFFICULTY, meetsDifficulty, searchNonce } from './proof-of-work.ts';
export { quoted } from './quoted.ts';
export { parseReading, type Reading, scanReading } from './reading.ts';
export { deviceFault, MAX_DEVICE_BYTES, type ReadingCode } from './reading-members.ts';
export { issueReceipts, type Receipt, type ReceiptEntry, receiptLine, verifyReceipt } from './receipt.ts';
export { type EnrolledKey, Registry, type RegistryCode } from './registry.ts';
export {
  type Enrolment,
  encodeEnrolment,
  encodeRevocation,
  parseEnrolment,
  parseRevocation,
  type Revocation,
} from './registry-message.ts';
export { resolveReading } from './resolve-reading.ts';
export { accept, type Refusal, type Result, refuse } from './result.ts';
export { SealedOnce } from './sealed-once.ts';
export type { Measurement, SenmlCode } from './senml.ts';
export { DeviceSequence, type DeviceSequenceState, type SeqRange, SequenceAccount } from './sequence-account.ts';
export {
  createSigner,
  createSyncVerifier,
  createVerifier,
  type KeyVerifier,
  type Signer,
  type SyncVerifier,
  type Verifier,
} from './signature.ts';
export type { SignatureCheck } from './signature-check.ts';
export { checkWithOwnVerifiers, SIGNATURES_PER_BATCH, type SignatureChecker } from './signature-queue.ts';
export { blockText, enrolText, possessionText, receiptText, revokeText } from './signed-text.ts';
export { splitLines } from './split-lines.ts';
export { decodeEntryBundle, encodeEntryBundle, formatTilePath, parseTilePath, type TilePath } from './tile-path.ts';
export { edgeRange, levelSize, splitHashes, TILE_WIDTH, type Tile, TileEdge, Tiling } from './tiles.ts';
export { type ExportedBlock, type ExportFault, type ExportVerdict, verifyExport } from './verify-export.ts';
export { type AddCheckpoint, formatAddCheckpoint, parseAddCheckpoint } from './witness.ts';
