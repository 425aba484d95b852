// What each fault of a chain or an export means to a person who must act on it, and which bytes it is about. Source: format.md "Leaf",
// "Block header", "Export". The verifier's own message says what it found; this says what that means.

/** `bytes`: which bytes of the block's header, of the leaf or of the line. */
export interface FaultMeaning {
  readonly bytes: string;
  readonly meaning: string;
}

const HEADER = (range: string, field: string) => `bytes ${range} of the block’s header, ${field}`;
const LEAF = (range: string, field: string) => `bytes ${range} of the leaf, ${field}`;
const UNENROLLED =
  'By the ledger’s own registry this key may not speak here: the leaf was changed, or should never have been accepted.';
const RESHAPED = 'The block is not the one that was sealed, or blocks are missing, added or in another order.';
const DISHONEST =
  'The ledger’s clock or difficulty may only go one way: whoever runs it made this block against the rules.';
const NOT_EXPORT = 'The line is not as a receiver writes it: the export was changed or damaged.';
const OTHER_END = 'The end of the log was changed, or blocks at the end are missing.';

const MEANINGS: Readonly<Record<string, FaultMeaning>> = {
  signature: {
    bytes: 'the leaf’s signature (from byte 44) and the message behind it',
    meaning: 'What stands here is not what was signed: the message or its signature was changed, or it is a forgery.',
  },
  'block-signature': {
    bytes: 'the block’s signature, over the hash of its header',
    meaning: 'The ledger’s key did not sign this block: it was changed after it was sealed, or made by somebody else.',
  },
  'log-root': {
    bytes: HEADER('64 to 95', 'log_root, against all leaves up to this block’s last'),
    meaning: 'A leaf of this block was changed, or two stand in another order than when the block was sealed.',
  },
  'log-size': {
    bytes: HEADER('96 to 103', 'log_size'),
    meaning: 'Leaves of this block are missing or were added.',
  },
  'previous-hash': { bytes: HEADER('12 to 43', 'previous_hash'), meaning: RESHAPED },
  index: { bytes: HEADER('4 to 11', 'index'), meaning: RESHAPED },
  genesis: { bytes: 'the whole header', meaning: 'The chain does not begin with its first block.' },
  timestamp: { bytes: HEADER('44 to 51', 'timestamp'), meaning: DISHONEST },
  difficulty: { bytes: HEADER('104 to 107', 'difficulty_bits'), meaning: DISHONEST },
  'proof-of-work': {
    bytes: HEADER('0 to 115', 'whose hash must begin with zero bits'),
    meaning: 'The block was not mined: its header was changed after the mining, or it never was.',
  },
  lane: { bytes: HEADER('52 to 63', 'lane'), meaning: 'The block is of another ledger.' },
  'block-empty': {
    bytes: HEADER('96 to 103', 'log_size'),
    meaning: 'A block without leaves stands in the chain: its leaves are missing.',
  },
  'header-version': {
    bytes: HEADER('0 to 3', 'version'),
    meaning: 'The block is of no format that this program knows.',
  },
  'header-number': { bytes: HEADER('4 to 51 and 96 to 103', 'its numbers'), meaning: NOT_EXPORT },
  'received-at': {
    bytes: LEAF('2 to 9', 'received_at'),
    meaning: 'Time goes backwards in the log: the receiver put this leaf behind one that it received later.',
  },
  'leaf-length': { bytes: LEAF('42 to 43', 'the length of the signature'), meaning: NOT_EXPORT },
  'leaf-kind': { bytes: LEAF('0', 'kind'), meaning: NOT_EXPORT },
  'leaf-time': { bytes: LEAF('2 to 9', 'received_at'), meaning: NOT_EXPORT },
  'leaf-algorithm': {
    bytes: LEAF('1', 'algorithm'),
    meaning: 'The leaf names another kind of signature than its key makes.',
  },
  'key-unknown': { bytes: LEAF('10 to 41', 'key_id'), meaning: UNENROLLED },
  'key-revoked': { bytes: LEAF('10 to 41', 'key_id'), meaning: UNENROLLED },
  'device-not-enrolled': { bytes: 'the member device of the leaf’s message', meaning: UNENROLLED },
  'key-mismatch': { bytes: LEAF('10 to 41', 'key_id'), meaning: 'The enrolment names one key and holds another.' },
  'authority-wrong': {
    bytes: 'the leaf’s message: authority and by',
    meaning: 'A key was enrolled or revoked by somebody who may not do so.',
  },
  'registry-message': {
    bytes: 'the leaf’s message',
    meaning: 'An enrolment or revocation is not as a receiver writes it.',
  },
  'message-invalid': { bytes: 'the leaf’s message', meaning: 'A text that is no reading stands in the log as one.' },
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

const UNKNOWN: FaultMeaning = {
  bytes: 'the place that the message names',
  meaning: 'The ledger breaks a rule of its format.',
};

/** What a fault with this code means. */
export function meaningOf(code: string): FaultMeaning {
  return Object.hasOwn(MEANINGS, code) ? (MEANINGS[code] ?? UNKNOWN) : UNKNOWN;
}
