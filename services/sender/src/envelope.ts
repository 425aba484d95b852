// The body of POST /receive_data: a JSON array of {data, signature, public_key}. The message's bytes are spliced in as they were
// signed; parsing and writing them again could change a byte, and the signature would be void (format.md, "Why this shape").

import { toBase64 } from '@telltale/ledger';
import type { OutboxMessage } from './outbox.ts';

const COMMA = Buffer.from(', ');

/** @returns the request body for these messages, in their order */
export function encodeEnvelopes(messages: readonly OutboxMessage[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [Buffer.from('[')];
  for (const [position, message] of messages.entries()) {
    if (position > 0) parts.push(COMMA);
    parts.push(Buffer.from('{"data": '), message.message, Buffer.from(tailOf(message)));
  }
  parts.push(Buffer.from(']'));
  return Buffer.concat(parts);
}

/** Bytes that a message adds to the body, with the comma before it. */
export function envelopeSizeBytes(message: OutboxMessage): number {
  return '{"data": '.length + message.message.length + tailOf(message).length + COMMA.length;
}

function tailOf({ signature, key }: OutboxMessage): string {
  return `, "signature": "${toBase64(signature)}", "public_key": ${JSON.stringify(key.publicKeyPem)}}`;
}
