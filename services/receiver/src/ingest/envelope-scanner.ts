// One pass over a request's bytes: finds each envelope `{data, signature, public_key}` and the exact slice of `data` that was signed.
// It builds no values of `data` and checks no signature. What it accepts beyond JSON.parse: nothing; what it refuses: format.md.

import {
  accept,
  fromBase64,
  JsonError,
  JsonScanner,
  maxMessageBytes,
  quoted,
  type Reading,
  type Refusal,
  type Result,
  refuse,
  scanReading,
} from '@telltale/ledger';
import { type ItemFault, ReceiverError } from '../errors.ts';

export interface Envelope {
  /** Place in the request, from 0. */
  readonly position: number;
  /** The value of `data` as it stands in the request: a view of it. */
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly publicKeyPem: string;
  readonly reading: Reading;
}

/** Member names are compared after unescaping; members of other names are scanned and ignored. */
const REQUIRED = ['data', 'signature', 'public_key'] as const;
/** Members of an envelope, the ignored ones too. Three count; the rest is a guess. Remembering a million names took longer than a second. */
const MAX_MEMBERS = 64;

/**
 * Finds the envelopes of a body: one object, or an array of them. Throws ReceiverError: `body-malformed` for what is not JSON,
 * `too-many-envelopes`, `envelope-too-large`, or `envelopes-refused` with a fault for each envelope that is not well-formed.
 */
export function scanEnvelopes(body: Uint8Array, limits: { maxEnvelopes: number }): Envelope[] {
  const scanner = new JsonScanner(body);
  const envelopes: Envelope[] = [];
  const faults: ItemFault[] = [];
  let position = 0;
  let isInArray = false;
  const take = () => {
    const envelope = scanEnvelope(scanner, position);
    if (envelope.ok) envelopes.push(envelope.value);
    else faults.push({ position, code: envelope.code, message: envelope.message });
  };
  try {
    if (scanner.isAtArray()) {
      isInArray = true;
      scanner.array((at) => {
        position = at;
        if (at >= limits.maxEnvelopes) throw tooMany(limits.maxEnvelopes);
        take();
      });
    } else {
      take();
    }
    scanner.end();
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const fault = { position: isInArray ? position : null, code: error.code, message: error.message };
    throw new ReceiverError('body-malformed', `the body is not JSON: ${error.message}`, { faults: [fault] });
  }
  if (faults.length > 0) throw refused(faults);
  if (envelopes.length === 0) throw refused([{ position: null, code: 'array-empty', message: 'the array is empty' }]);
  return envelopes;
}

/** The error for a request of which these items are refused; the message names the first. */
export function refused(faults: readonly ItemFault[]): ReceiverError {
  const first = faults[0];
  const isTooLarge = faults.every((fault) => fault.code === 'message-too-long');
  const where = first?.position === null ? '' : `item ${first?.position}: `;
  return new ReceiverError(isTooLarge ? 'envelope-too-large' : 'envelopes-refused', `${where}${first?.message}`, {
    faults,
  });
}

function tooMany(maxEnvelopes: number): ReceiverError {
  const message = `a request holds at most ${maxEnvelopes} envelopes`;
  return new ReceiverError('too-many-envelopes', message, {
    faults: [{ position: null, code: 'too-many-envelopes', message }],
  });
}

function scanEnvelope(scanner: JsonScanner, position: number): Result<Envelope> {
  if (!scanner.isAtObject()) {
    scanner.skipValue();
    return refuse('envelope-not-object', 'an envelope is an object with data, signature and public_key');
  }
  const names = new Set<string>();
  let message: Uint8Array | undefined;
  let signature: string | undefined;
  let publicKeyPem: string | undefined;
  let duplicate: Refusal | undefined;
  let surplus: Refusal | undefined;
  scanner.object((name) => {
    if (names.has(name)) duplicate ??= refuse('member-duplicate', `the envelope has two members named ${quoted(name)}`);
    if (names.size < MAX_MEMBERS) names.add(name);
    else surplus = refuse('members-too-many', `an envelope has at most ${MAX_MEMBERS} members`);
    if (name === 'data') {
      const start = scanner.at;
      scanner.skipValue();
      message = scanner.bytes.subarray(start, scanner.at);
    } else if (name === 'signature') signature = scanText(scanner);
    else if (name === 'public_key') publicKeyPem = scanText(scanner);
    else scanner.skipValue();
  });
  if (duplicate) return duplicate;
  if (surplus) return surplus;
  const missing = REQUIRED.find((name) => !names.has(name));
  if (missing) return refuse('member-missing', `${missing} is missing`);
  if (!message) throw new Error('data was named and not scanned');
  // What fits no leaf is refused below, and nobody looks into it: it could have a million names.
  const isTooLong = message.length > maxMessageBytes(0);
  const reading = isTooLong ? accept({}) : scanReading(new JsonScanner(message));
  if (!reading.ok) return reading;
  if (signature === undefined) return refuse('signature-malformed', 'signature is not a string');
  if (publicKeyPem === undefined) return refuse('key-not-pem', 'public_key is not a string');
  const signatureBytes = fromBase64(signature);
  if (!signatureBytes || signatureBytes.length === 0) {
    return refuse('signature-malformed', 'signature is not canonical, padded base64');
  }
  // Below zero for a signature that would not fit a leaf by itself.
  const most = Math.max(0, maxMessageBytes(signatureBytes.length));
  if (message.length > most) {
    return refuse('message-too-long', `data has ${message.length} bytes, at most ${most} fit beside this signature`);
  }
  return accept({ position, message, signature: signatureBytes, publicKeyPem, reading: reading.value });
}

function scanText(scanner: JsonScanner): string | undefined {
  if (scanner.isAtString()) return scanner.string();
  scanner.skipValue();
  return undefined;
}
