// Public keys as the ledger knows them: an algorithm, one accepted encoding, and the id that follows from it.
// Source: format.md "Keys"; RFC 8410 (Ed25519), RFC 5480 (P-256) and RFC 8017 (RSA) in a SubjectPublicKeyInfo (RFC 5280).

import type { Brand } from './brand.ts';
import { bytesOf, concat, equalBytes, fromBase64, toBase64, toHex } from './bytes.ts';
import { hasSmallOrder } from './ed25519-small-order.ts';
import { sha256 } from './hash.ts';
import { quoted } from './quoted.ts';
import { accept, type Refusal, type Result, refuse } from './result.ts';

/** How a key signs, as a leaf's second byte says it. */
export const ALGORITHM = { ed25519: 1, 'ecdsa-p256': 2, 'rsa-pss': 3 } as const;
/** An algorithm as settings and answers name it. */
export type AlgorithmName = keyof typeof ALGORITHM;
/** An algorithm as leaves name it: 1, 2 or 3. */
export type AlgorithmId = (typeof ALGORITHM)[AlgorithmName];

/** SHA-256 of the SubjectPublicKeyInfo DER: 32 bytes. */
export type KeyId = Brand<Uint8Array, 'KeyId'>;

/** A key in the one encoding that is accepted, so that one key has one id. Made by `parsePublicKey`. Source: format.md "Keys". */
export interface PublicKey {
  readonly algorithm: AlgorithmId;
  readonly keyId: KeyId;
  /** SubjectPublicKeyInfo DER, the only accepted encoding of this key. */
  readonly spki: Uint8Array;
}

/**
 * Why a key is refused: no PEM, none of the three kinds, another encoding than the one, an Ed25519 point of small order, or an RSA size
 * outside 2048 to 4096 bits.
 */
export type KeyCode = 'key-not-pem' | 'key-unsupported' | 'key-encoding' | 'key-small-order' | 'key-size';

/** RSA modulus, in bits (format.md "Keys"). */
const RSA_MIN_BITS = 2048;
const RSA_MAX_BITS = 4096;

const ED25519_PREFIX = bytesOf('302a300506032b6570032100');
const ED25519_SPKI_BYTES = 44;
const P256_PREFIX = bytesOf('3059301306072a8648ce3d020106082a8648ce3d03010703420004');
const P256_SPKI_BYTES = 91;
/** AlgorithmIdentifier of rsaEncryption with NULL parameters (RFC 3279 section 2.3.1). */
const RSA_ALGORITHM = bytesOf('300d06092a864886f70d0101010500');
/** INTEGER 65537, the only accepted public exponent. */
const RSA_EXPONENT = bytesOf('0203010001');

/** 2^255 − 19, little-endian: the field of Ed25519 (RFC 8032 section 5.1). */
const ED25519_P = bytesOf('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f');

/** Takes 32 bytes as a KeyId. Throws on any other length. */
export function asKeyId(bytes: Uint8Array): KeyId {
  if (bytes.length !== 32) throw new RangeError(`a key id has 32 bytes, not ${bytes.length}`);
  return bytes as KeyId;
}

/** key_id = SHA-256(SubjectPublicKeyInfo DER). */
export function keyIdOf(spki: Uint8Array): KeyId {
  // A copy: keys are kept for long.
  return asKeyId(Uint8Array.from(sha256(spki)));
}

/** The device of readings that name none: the first 16 hexadecimal digits of the key id. */
export function ownDevice(keyId: KeyId): string {
  return toHex(keyId.subarray(0, 8));
}

/** A key from its SubjectPublicKeyInfo DER. Whether a P-256 point lies on the curve is found when the key is first used. */
export function parsePublicKey(spki: Uint8Array): Result<PublicKey, KeyCode> {
  const algorithm = algorithmOf(spki);
  if (typeof algorithm !== 'number') return algorithm;
  const copy = Uint8Array.from(spki);
  return accept({ algorithm, keyId: keyIdOf(copy), spki: copy });
}

/** A key from PEM (RFC 7468 "PUBLIC KEY"; text around it and CRLF are fine). */
export function parsePublicKeyPem(pem: string): Result<PublicKey, KeyCode> {
  const block = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/.exec(pem);
  if (!block) return refuse('key-not-pem', 'public_key is not a PEM text with a BEGIN and an END line');
  if (block[1] !== 'PUBLIC KEY') {
    return refuse('key-unsupported', `public_key must be a PEM block "PUBLIC KEY", not ${quoted(block[1] ?? '')}`);
  }
  const spki = fromBase64((block[2] ?? '').replace(/[\r\n\t ]+/g, ''));
  if (!spki) return refuse('key-not-pem', 'public_key has a PEM block whose content is not base64');
  return parsePublicKey(spki);
}

/** PEM of a key's SubjectPublicKeyInfo (RFC 7468 "PUBLIC KEY", lines of 64 characters). */
export function publicKeyPem(spki: Uint8Array): string {
  const lines = toBase64(spki).match(/.{1,64}/g) ?? [];
  return `-----BEGIN PUBLIC KEY-----\n${lines.join('\n')}\n-----END PUBLIC KEY-----\n`;
}

/** The modulus, big-endian without leading zeros, of a SubjectPublicKeyInfo that `parsePublicKey` took as an RSA key. Throws for another. */
export function rsaModulusOf(spki: Uint8Array): Uint8Array {
  const modulus = rsaModulus(spki);
  if (!modulus) throw new TypeError('not an RSA key');
  return modulus;
}

function algorithmOf(spki: Uint8Array): AlgorithmId | Refusal<KeyCode> {
  if (startsWith(spki, ED25519_PREFIX)) return checkEd25519(spki) ?? ALGORITHM.ed25519;
  if (startsWith(spki, P256_PREFIX)) {
    if (spki.length === P256_SPKI_BYTES) return ALGORITHM['ecdsa-p256'];
    return refuse('key-encoding', `a P-256 key has ${P256_SPKI_BYTES} bytes, not ${spki.length}`);
  }
  return checkRsa(spki) ?? ALGORITHM['rsa-pss'];
}

function checkEd25519(spki: Uint8Array): Refusal<KeyCode> | undefined {
  if (spki.length !== ED25519_SPKI_BYTES) {
    return refuse('key-encoding', `an Ed25519 key has ${ED25519_SPKI_BYTES} bytes, not ${spki.length}`);
  }
  // A copy: the slice of a Buffer would be a view, and clearing the sign bit below would change the caller's key.
  const y = Uint8Array.from(spki.subarray(ED25519_PREFIX.length));
  y[31] = (y[31] ?? 0) & 0x7f;
  if (!isLessLittleEndian(y, ED25519_P))
    return refuse('key-encoding', 'the Ed25519 key is not in its canonical encoding');
  if (hasSmallOrder(y)) {
    return refuse('key-small-order', 'the Ed25519 key is a point of small order');
  }
  return undefined;
}

function checkRsa(spki: Uint8Array): Refusal<KeyCode> | undefined {
  const modulus = rsaModulus(spki);
  if (!modulus) {
    return refuse('key-unsupported', 'the key is neither Ed25519 nor ECDSA P-256 nor RSA in the accepted encoding');
  }
  const bits = 8 * modulus.length - Math.clz32(modulus[0] ?? 0) + 24;
  if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS) {
    return refuse('key-size', `an RSA key has ${RSA_MIN_BITS} to ${RSA_MAX_BITS} bits, not ${bits}`);
  }
  // One key, one id: writing the parts again must give the same bytes (no long lengths, no other exponent, nothing behind).
  if (!equalBytes(rsaSpki(modulus), spki)) {
    return refuse('key-encoding', 'the RSA key is not in its canonical encoding with exponent 65537');
  }
  return undefined;
}

/** The modulus, without its leading zero byte, of a SubjectPublicKeyInfo that looks like an RSA key. */
function rsaModulus(spki: Uint8Array): Uint8Array | undefined {
  const outer = derContent(spki, 0x30);
  if (!outer || !startsWith(outer, RSA_ALGORITHM)) return undefined;
  const bits = derContent(outer.subarray(RSA_ALGORITHM.length), 0x03);
  const numbers = bits && derContent(bits.subarray(1), 0x30);
  const modulus = numbers && derContent(numbers, 0x02);
  if (!modulus || modulus.length < 2) return undefined;
  return modulus[0] === 0 ? modulus.subarray(1) : modulus;
}

function rsaSpki(modulus: Uint8Array): Uint8Array {
  const positive = (modulus[0] ?? 0) >= 0x80 ? concat(Uint8Array.of(0), modulus) : modulus;
  const numbers = der(0x30, concat(der(0x02, positive), RSA_EXPONENT));
  return der(0x30, concat(RSA_ALGORITHM, der(0x03, concat(Uint8Array.of(0), numbers))));
}

/** Content of a leading DER element with this tag (X.690); what follows it is not looked at. */
function derContent(bytes: Uint8Array, tag: number): Uint8Array | undefined {
  if (bytes[0] !== tag) return undefined;
  const first = bytes[1] ?? 0;
  const lengthBytes = first < 0x80 ? 0 : first - 0x80;
  if (lengthBytes > 2) return undefined;
  let sizeBytes = first < 0x80 ? first : 0;
  for (let i = 0; i < lengthBytes; i++) sizeBytes = sizeBytes * 256 + (bytes[2 + i] ?? 0);
  const start = 2 + lengthBytes;
  return start + sizeBytes <= bytes.length ? bytes.subarray(start, start + sizeBytes) : undefined;
}

function der(tag: number, content: Uint8Array): Uint8Array {
  const n = content.length;
  const length = n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : [0x82, n >> 8, n & 0xff];
  return concat(Uint8Array.of(tag, ...length), content);
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && equalBytes(bytes.subarray(0, prefix.length), prefix);
}

function isLessLittleEndian(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = a.length - 1; i >= 0; i--) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
