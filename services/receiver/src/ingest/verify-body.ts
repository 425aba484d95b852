// From bytes to readings that their keys really signed. Nothing is looked up here: what a key may say is the registry's question.
// Runs in a thread of the verifiers (verifiers.ts), on which it may take its time.

import { encodeLeaf, LEAF_KIND, ownDevice, readingTransactionId } from '@telltale/ledger';
import type { ItemFault } from '../errors.ts';
import { type Envelope, refused, scanEnvelopes } from './envelope-scanner.ts';
import type { KeyCache } from './key-cache.ts';
import type { CheckedReading } from './verified-reading.ts';

/** Scans a request's body and checks every signature. Throws ReceiverError as scanEnvelopes does. */
export function verifyBody(body: Uint8Array, context: { keys: KeyCache; maxEnvelopes: number }): CheckedReading[] {
  const readings: CheckedReading[] = [];
  const faults: ItemFault[] = [];
  for (const envelope of scanEnvelopes(body, context)) {
    const checked = verifyEnvelope(envelope, context.keys);
    if ('code' in checked) faults.push(checked);
    else readings.push(checked);
  }
  if (faults.length > 0) throw refused(faults);
  return readings;
}

function verifyEnvelope(envelope: Envelope, keys: KeyCache): CheckedReading | ItemFault {
  const { position, message, signature, reading } = envelope;
  const usable = keys.get(envelope.publicKeyPem);
  if (!usable.ok) return { position, code: usable.code, message: usable.message };
  const { key, verify } = usable.value;
  if (!verify(message, signature)) {
    return { position, code: 'signature-wrong', message: 'the signature is not this key’s over these bytes of data' };
  }
  const { algorithm, keyId } = key;
  const { device = ownDevice(keyId), seq, seqs, deviceTimeUs } = reading;
  const leaf = encodeLeaf({ kind: LEAF_KIND.reading, algorithm, receivedAtUs: 0, keyId, signature, message });
  const transactionId = readingTransactionId({ keyId, message });
  const hasDevice = reading.device !== undefined;
  return { position, key, device, hasDevice, seq, seqs, deviceTimeUs, transactionId, leaf };
}
