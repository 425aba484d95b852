// From bytes to readings that their keys really signed. Nothing is looked up here: what a key may say is the registry's question.

import { type KeyId, ownDevice, type PublicKey, readingTransactionId } from '@telltale/ledger';
import type { ItemFault } from '../errors.ts';
import { type Envelope, refused, scanEnvelopes } from './envelope-scanner.ts';
import type { KeyCache, UsableKey } from './key-cache.ts';

/** A reading whose signature is right. */
export interface VerifiedReading {
  /** Place in its request, from 0. */
  readonly position: number;
  readonly key: PublicKey;
  readonly keyId: KeyId;
  /** The device that it speaks for, the key's own where the message names none. */
  readonly device: string;
  /** Whether the message itself names the device. */
  readonly hasDevice: boolean;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly transactionId: Uint8Array;
}

/** Scans a request's body and checks every signature, in parallel and off the event loop. Throws ReceiverError as scanEnvelopes does. */
export async function verifyEnvelopes(
  body: Uint8Array,
  context: { keys: KeyCache; maxEnvelopes: number },
): Promise<VerifiedReading[]> {
  const envelopes = scanEnvelopes(body, context);
  const checked = await Promise.all(envelopes.map((envelope) => verifyEnvelope(envelope, context.keys)));
  const readings = checked.filter((result): result is VerifiedReading => !isFault(result));
  if (readings.length < checked.length) throw refused(checked.filter(isFault));
  return readings;
}

async function verifyEnvelope(envelope: Envelope, keys: KeyCache): Promise<VerifiedReading | ItemFault> {
  const { position, message, signature } = envelope;
  const usable = keys.get(envelope.publicKeyPem);
  if (!usable.ok) return { position, code: usable.code, message: usable.message };
  if (!(await usable.value.verify(message, signature))) {
    return { position, code: 'signature-wrong', message: 'the signature is not this key’s over these bytes of data' };
  }
  return toReading(envelope, usable.value);
}

function toReading(envelope: Envelope, { key }: UsableKey): VerifiedReading {
  const { position, message, signature, reading } = envelope;
  const { keyId } = key;
  const device = reading.device ?? ownDevice(keyId);
  const hasDevice = reading.device !== undefined;
  const transactionId = readingTransactionId({ keyId, message });
  return { position, key, keyId, device, hasDevice, message, signature, transactionId };
}

function isFault(result: VerifiedReading | ItemFault): result is ItemFault {
  return 'code' in result;
}
