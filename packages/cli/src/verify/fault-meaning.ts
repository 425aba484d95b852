// What each fault of a chain or an export means to a person who must act on it, and which bytes it is about. Source: format.md "Leaf",
// "Block header", "Export". The verifier's own message says what it found; this says what that means.

import type { LeafWords } from './recent-leaves.ts';

/** `bytes`: which bytes of the block's header, of the leaf or of the line. */
export interface FaultMeaning {
  readonly bytes: string;
  readonly meaning: string;
}

const HEADER = (range: string, field: string) => `bytes ${range} of the block’s header, ${field}`;
const LEAF = (range: string, field: string) => `bytes ${range} of the leaf, ${field}`;
const OTHER_BLOCKS =
  'This is not the block that was sealed here: blocks are missing, were added, or stand in another order.';
const NOT_EXPORT = 'The line is not as a receiver writes it: the file was changed, or damaged on its way.';
const OTHER_END = 'The end of the log was changed, or blocks at the end are missing.';

const MEANINGS: Readonly<Record<string, FaultMeaning>> = {
  signature: {
    bytes: 'the leaf’s signature (from byte 44) and the message behind it',
    meaning:
      'What stands here is not what was signed: the words or the signature were changed, or somebody else wrote it in the name of this key.',
  },
  'block-signature': {
    bytes: 'the block’s signature, over the hash of its header',
    meaning: 'The ledger did not sign this block: it was changed after it was sealed, or somebody else made it.',
  },
  'log-root': {
    bytes: HEADER('64 to 95', 'log_root, against all leaves up to this block’s last'),
    meaning:
      'What this block holds is not what was sealed in it: a transaction was changed, or two stand in another order than then.',
  },
  'log-size': {
    bytes: HEADER('96 to 103', 'log_size'),
    meaning: 'Transactions of this block were removed, or others were added.',
  },
  'previous-hash': { bytes: HEADER('12 to 43', 'previous_hash'), meaning: OTHER_BLOCKS },
  index: { bytes: HEADER('4 to 11', 'index'), meaning: OTHER_BLOCKS },
  genesis: { bytes: 'the whole header', meaning: 'The chain does not begin with its first block.' },
  timestamp: {
    bytes: HEADER('44 to 51', 'timestamp'),
    meaning:
      'Time goes backwards: the block says that it was made before something that stands before it. It was dated wrongly, or changed.',
  },
  difficulty: {
    bytes: HEADER('104 to 107', 'difficulty_bits'),
    meaning:
      'This block asks for less work than the one before it, which the rules forbid: it makes a false history cheaper to write.',
  },
  'proof-of-work': {
    bytes: HEADER('0 to 115', 'whose hash must begin with zero bits'),
    meaning:
      'The work that every block must show is missing here: the block was changed after it was mined, or never mined.',
  },
  lane: { bytes: HEADER('52 to 63', 'lane'), meaning: 'The block is of another ledger.' },
  'block-empty': {
    bytes: HEADER('96 to 103', 'log_size'),
    meaning: 'The block is empty, which a sealed one never is: its transactions were removed.',
  },
  'header-version': {
    bytes: HEADER('0 to 3', 'version'),
    meaning: 'The block is of no format that this program knows.',
  },
  'header-number': { bytes: HEADER('4 to 51 and 96 to 103', 'its numbers'), meaning: NOT_EXPORT },
  'received-at': {
    bytes: LEAF('2 to 9', 'received_at'),
    meaning:
      'Time goes backwards: by its own account the ledger received this transaction before the one that stands before it.',
  },
  'leaf-length': { bytes: LEAF('42 to 43', 'the length of the signature'), meaning: NOT_EXPORT },
  'leaf-kind': { bytes: LEAF('0', 'kind'), meaning: NOT_EXPORT },
  'leaf-time': { bytes: LEAF('2 to 9', 'received_at'), meaning: NOT_EXPORT },
  'leaf-algorithm': {
    bytes: LEAF('1', 'algorithm'),
    meaning: 'The transaction names another kind of signature than its key makes: it was changed or forged.',
  },
  'key-unknown': {
    bytes: LEAF('10 to 41', 'key_id'),
    meaning:
      'The key that stands here had not been enrolled in this ledger: the transaction was changed, or comes from a stranger and should not have been accepted.',
  },
  'key-revoked': {
    bytes: LEAF('10 to 41', 'key_id'),
    meaning:
      'The key that stands here had been revoked before, so nothing that it signed may have been accepted any more.',
  },
  'device-not-enrolled': {
    bytes: 'the member device of the leaf’s message',
    meaning:
      'The key may speak for other devices, not for this one: somebody wrote a reading in the name of another device.',
  },
  'key-mismatch': {
    bytes: LEAF('10 to 41', 'key_id'),
    meaning: 'The enrolment names one key and holds another: it was changed or forged.',
  },
  'authority-wrong': {
    bytes: 'the leaf’s message: authority and by',
    meaning: 'A key was enrolled or revoked by somebody who may not do so.',
  },
  'registry-message': {
    bytes: 'the leaf’s message',
    meaning: 'An enrolment or revocation is not as a receiver writes it: it was changed or forged.',
  },
  'message-invalid': {
    bytes: 'the leaf’s message',
    meaning: 'A text that is no reading stands in the log as one: it was put there against the rules.',
  },
  'transaction-twice': {
    bytes: 'the leaf’s key_id and message',
    meaning: 'One reading stands in the log twice, so that it would be counted twice.',
  },
  'export-key': {
    bytes: 'public_key of the first line',
    meaning: 'This is not an export of the ledger that you trust: it is another’s, or its key was exchanged.',
  },
  'export-origin': {
    bytes: 'origin of the first line',
    meaning: 'This is not an export of the ledger that you named.',
  },
  'export-format': {
    bytes: 'format of the first line',
    meaning: 'This is no export, or of a version that this program does not know.',
  },
  'export-line': { bytes: 'the whole line', meaning: NOT_EXPORT },
  'export-order': { bytes: 'the whole line', meaning: 'Lines of the export are missing, added or in another order.' },
  'export-unfinished': {
    bytes: 'the end of the export',
    meaning: 'The tail is missing: it was cut off, or the download broke off.',
  },
  'checkpoint-size': { bytes: 'the size in the checkpoint', meaning: OTHER_END },
  'checkpoint-root': { bytes: 'the root in the checkpoint', meaning: OTHER_END },
  'checkpoint-malformed': { bytes: 'the checkpoint', meaning: OTHER_END },
  'note-malformed': { bytes: 'the checkpoint', meaning: OTHER_END },
  'note-unsigned': {
    bytes: 'the signatures of the checkpoint',
    meaning: 'The ledger’s key did not sign the checkpoint.',
  },
  'note-signature': {
    bytes: 'the checkpoint and its signature',
    meaning: 'The checkpoint is not what the ledger’s key signed.',
  },
};

/** Of a wrong signature in a leaf of the registry: it is somebody's word about a key, not a device's about what it measured. */
const REGISTRY_SIGNATURE =
  'Somebody’s consent is forged: that of whoever may enrol or revoke keys here, or the proof that whoever enrolled the key holds it.';

const UNKNOWN: FaultMeaning = {
  bytes: 'the place that the message names',
  meaning: 'The ledger breaks a rule of its format.',
};

/** What a fault with this code means. `leafKind`: what the leaf is that it is about, where that is known. */
export function meaningOf(code: string, leafKind?: LeafWords['kind']): FaultMeaning {
  const found = findMeaning(code) ?? UNKNOWN;
  const isOfRegistry = leafKind === 'enrolment' || leafKind === 'revocation';
  return code === 'signature' && isOfRegistry ? { ...found, meaning: REGISTRY_SIGNATURE } : found;
}

/** The same, or undefined for a code that is no fault of a chain or an export. */
export function findMeaning(code: string): FaultMeaning | undefined {
  return Object.hasOwn(MEANINGS, code) ? MEANINGS[code] : undefined;
}
