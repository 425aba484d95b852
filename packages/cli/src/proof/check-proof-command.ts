// `telltale check-proof`: whether a proof shows, offline, that a transaction is sealed in the ledger whose key the user trusts.

import {
  type CheckedProof,
  checkProof,
  fromUtf8,
  LEAF_KIND,
  type NoteVerifier,
  noteVerifierOf,
  type Proof,
  parseProof,
  proofFromJson,
  quoted,
  type Refusal,
  type Result,
  refuse,
  toBase64,
  toHex,
} from '@telltale/ledger';
import { CliError, EXIT } from '../cli-error.ts';
import { type Command, JSON_OPTION, writeResult } from '../command.ts';
import { readTextFile } from '../read-file.ts';
import { readTrust, TRUST_OPTIONS, type Trust } from '../trust.ts';
import { utcTime } from '../utc-time.ts';

const KIND_WORDS = {
  [LEAF_KIND.reading]: 'reading',
  [LEAF_KIND.keyEnrolled]: 'enrolment',
  [LEAF_KIND.keyRevoked]: 'revocation',
} as const;

export const checkProofCommand: Command = {
  usage: '<file|-> --key <key> | --origin <origin>',
  details: 'A proof does not bring its ledger’s key: it can only be checked by somebody who says whom to trust.',
  options: { ...TRUST_OPTIONS, ...JSON_OPTION },
  positionals: { min: 1, max: 1 },
  async run(given, context) {
    const trust = await readTrust(given, context);
    const file = given.required(0);
    const text = file === '-' ? await readAll(context.stdin) : await readTextFile(file);
    const proof = readProof(text);
    if (!proof.ok && !isLikeProof(text)) throw new CliError('file', `${file} is no proof: ${proof.message}`);
    const checked = proof.ok
      ? await checkProof({ proof: proof.value, verifier: verifierFor(trust, proof.value) })
      : proof;
    if (!checked.ok) {
      writeResult(context, given, {
        text: refusalText(checked),
        json: { verdict: 'not-sound', code: checked.code, message: checked.message },
      });
      return EXIT.notSound;
    }
    writeResult(context, given, { text: checkedText(checked.value), json: checkedJson(checked.value) });
    return EXIT.sound;
  },
};

function readProof(text: string): Result<Proof> {
  if (!isJson(text)) return parseProof(text);
  try {
    return proofFromJson(JSON.parse(text));
  } catch {
    // A SyntaxError says where; that it is no proof any more is what matters.
    return refuse('proof-malformed', 'it begins as JSON and is none');
  }
}

/** What begins as a proof and is none was damaged or changed; anything else is the wrong file. */
function isLikeProof(text: string): boolean {
  return isJson(text) || text.startsWith('c2sp.org/tlog-proof');
}

function isJson(text: string): boolean {
  return text.trimStart().startsWith('{');
}

/** Throws CliError `trust` when nobody is trusted, or the trusted key cannot sign checkpoints. */
function verifierFor(trust: Trust, proof: Proof): NoteVerifier {
  if (trust.kind === 'nobody') {
    const message =
      'you did not say whose ledger this must be, and a proof does not bring its ledger’s key: give --key, or --origin with a known key';
    throw new CliError('trust', message);
  }
  // A bare key trusts whatever its owner calls the ledger: the name is then the one in the checkpoint that the key must have signed.
  const origin = trust.origin ?? proof.checkpoint.slice(0, Math.max(0, proof.checkpoint.indexOf('\n')));
  const verifier = noteVerifierOf({ name: origin, key: trust.key });
  if (!verifier.ok) throw new CliError('trust', verifier.message);
  return verifier.value;
}

function refusalText({ code, message }: Refusal): string {
  return `NOT SOUND. This proof shows nothing: ${message} (${code}).\n`;
}

function checkedText(checked: CheckedProof): string {
  const { leaf, reading, checkpoint, leafIndex } = checked;
  const message = fromUtf8(leaf.message) ?? toHex(leaf.message);
  const of = reading ? ` of device ${quoted(reading.device)}` : '';
  return `SOUND. This ${KIND_WORDS[leaf.kind]}${of} is sealed in the ledger, and is exactly what its key signed.

  Ledger       ${checkpoint.origin}
  Leaf         ${leafIndex} of ${checkpoint.size}
  Transaction  ${toHex(checked.transactionId)}
  Key          ${toHex(checked.key.keyId)}
  Received     ${utcTime(leaf.receivedAtUs)} (the receiver’s word)
  Message      ${printable(message)}

A single proof does not show that the key was not revoked before; verifying the whole export does.
`;
}

function checkedJson(checked: CheckedProof): object {
  const { leaf, reading, checkpoint } = checked;
  return {
    verdict: 'sound',
    origin: checkpoint.origin,
    checkpoint: { size: checkpoint.size, root: toHex(checkpoint.root) },
    kind: KIND_WORDS[leaf.kind],
    leaf_index: checked.leafIndex,
    leaf_hash: toHex(checked.leafHash),
    transaction_id: toHex(checked.transactionId),
    key_id: toHex(checked.key.keyId),
    received_at: leaf.receivedAtUs,
    device: reading?.device ?? null,
    seq: reading?.seq ?? null,
    message: toBase64(leaf.message),
  };
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of chunks) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

/** A device's text may not steer the terminal; white space of JSON stays readable. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
}
