// The ledger's key as people write it: a verifier key line, PEM, or base64 of its SubjectPublicKeyInfo.

import { createPublicKey } from 'node:crypto';
import {
  ALGORITHM,
  fromBase64,
  type PublicKey,
  parsePublicKey,
  parsePublicKeyPem,
  parseVerifierKey,
} from '@telltale/ledger';

export interface TrustedKey {
  readonly key: PublicKey;
  /** Named by a verifier key line alone. */
  readonly origin?: string;
}

/** Reads `<origin>+<8 hex digits>+<base64>`; undefined for any other text. */
export function readVerifierKey(line: string): (TrustedKey & { readonly origin: string }) | undefined {
  const verifier = parseVerifierKey(line);
  if (!verifier.ok) return undefined;
  // The line was read: behind the last plus sign is the type byte and the 32 bytes of an Ed25519 key.
  const typed = fromBase64(line.slice(line.indexOf('+', verifier.value.name.length + 1) + 1)) ?? new Uint8Array(0);
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(typed.subarray(1)).toString('base64url') };
  const key = parsePublicKey(createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'der' }));
  return key.ok ? { key: key.value, origin: verifier.value.name } : undefined;
}

/** Reads any of the three forms; undefined when the text is none of them, or not an Ed25519 key: ledgers have no other. */
export function readTrustedKey(text: string): TrustedKey | undefined {
  const trimmed = text.trim();
  const line = readVerifierKey(trimmed);
  if (line) return line;
  const spki = fromBase64(trimmed);
  const key = spki && spki.length > 0 ? parsePublicKey(spki) : parsePublicKeyPem(trimmed);
  return key.ok && key.value.algorithm === ALGORITHM.ed25519 ? { key: key.value } : undefined;
}
