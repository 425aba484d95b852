// A batch of signature checks as it travels to a thread: all bytes in one piece of memory that changes hands, and a table of numbers that
// says where each lies. Many small objects would cost more to copy than a signature costs to check.

import type { SignatureCheck } from '@telltale/ledger';

/** A thread's answer for a batch without a wrong signature. */
export const NONE_WRONG = -1;

/** Structured-clone safe, and both buffers can be transferred. */
export interface PackedBatch {
  /** The keys as SubjectPublicKeyInfo DER, then for each check its message and its signature. */
  readonly bytes: ArrayBuffer;
  /** How many keys; where each ends; then COLUMNS numbers a check. */
  readonly table: Uint32Array<ArrayBuffer>;
}

/** A check as a thread sees it: views of the batch's memory, and what it made of the key. */
export interface UnpackedCheck<Key> {
  readonly key: Key;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** Which of the batch's keys, end of the message, end of the signature. */
const COLUMNS = 3;

/** Copies the bytes: they are views of whole blocks, which may not change hands. Each key goes once, however many signatures it has. */
export function packBatch(checks: readonly SignatureCheck[]): PackedBatch {
  const keys = new Map<SignatureCheck['signer'], number>();
  let sizeBytes = 0;
  for (const { signer, message, signature } of checks) {
    sizeBytes += message.length + signature.length;
    if (keys.has(signer)) continue;
    keys.set(signer, keys.size);
    sizeBytes += signer.key.spki.length;
  }
  const bytes = new Uint8Array(sizeBytes);
  const table = new Uint32Array(1 + keys.size + checks.length * COLUMNS);
  let end = 0;
  let column = 0;
  const put = (piece: Uint8Array) => {
    bytes.set(piece, end);
    end += piece.length;
    table[column++] = end;
  };
  table[column++] = keys.size;
  for (const { key } of keys.keys()) put(key.spki);
  for (const { signer, message, signature } of checks) {
    table[column++] = keys.get(signer) ?? 0;
    put(message);
    put(signature);
  }
  return { bytes: bytes.buffer, table };
}

/** The checks again, one after the other. `keyOf` is called with each key of the batch once. */
export function* unpackBatch<Key>(
  { bytes, table }: PackedBatch,
  keyOf: (spki: Uint8Array) => Key,
): Generator<UnpackedCheck<Key>> {
  let end = 0;
  let column = 0;
  const number = () => table[column++] ?? Number.NaN;
  const take = () => {
    const start = end;
    end = number();
    return new Uint8Array(bytes, start, end - start);
  };
  const keys = Array.from({ length: number() }, () => keyOf(take()));
  while (column < table.length) {
    const key = keys[number()];
    if (key === undefined) throw new Error('the batch names a key that it does not hold');
    yield { key, message: take(), signature: take() };
  }
}
