// A reading whose signature is right, and how readings travel from the thread that checked them: all their bytes in one piece of memory,
// which changes hands instead of being copied, and a table of numbers that says where each lies.

import { ALGORITHM, asHash, asKeyId, type Hash, type KeyId, type PublicKey, toHex } from '@telltale/ledger';
import { pairName } from './registry-cache.ts';

/** As the thread that checked it gives it: without the texts that cost as much to send as to make. */
export type CheckedReading = Omit<VerifiedReading, 'transactionIdHex' | 'pair'>;

export interface VerifiedReading {
  /** Place in its request, from 0. */
  readonly position: number;
  readonly key: PublicKey;
  /** The device that it speaks for, the key's own where the message names none. */
  readonly device: string;
  /** Whether the message itself names the device. */
  readonly hasDevice: boolean;
  /** Absent and in its right meaning as in packages/ledger, reading.ts. */
  readonly seq: number | undefined;
  readonly seqs?: readonly number[] | undefined;
  readonly deviceTimeUs: number | undefined;
  readonly transactionId: Hash;
  /** The transaction id in hexadecimal, and the (key, device) pair's name: what readings are looked up by, made once. */
  readonly transactionIdHex: string;
  readonly pair: string;
  /** Its leaf. Whoever gives it a place in the log sets `received_at`. */
  readonly leaf: Uint8Array;
}

/** Readings on their way between threads: structured-clone safe, and `bytes` can be transferred. */
export interface PackedReadings {
  readonly bytes: ArrayBuffer;
  /** COLUMNS numbers a reading. */
  readonly table: Float64Array<ArrayBuffer>;
  readonly devices: readonly string[];
  /** Of those readings that are lists with more than one sequence number, by their place here. */
  readonly seqs: ReadonlyMap<number, readonly number[]>;
}

/** The reading with the texts that it is looked up by. */
export function nameReading(checked: CheckedReading): VerifiedReading {
  const { position, key, device, hasDevice, seq, seqs, deviceTimeUs, transactionId, leaf } = checked;
  const transactionIdHex = toHex(transactionId);
  const pair = pairName({ keyId: key.keyId, device });
  return { position, key, device, hasDevice, seq, seqs, deviceTimeUs, transactionId, transactionIdHex, pair, leaf };
}

/** position, algorithm, hasDevice, seq (−1: absent), deviceTimeUs (−1: absent), end of the leaf, end of the SubjectPublicKeyInfo. */
const COLUMNS = 7;
const ABSENT = -1;
const HASH_BYTES = 32;
const ALGORITHMS = Object.values(ALGORITHM);

/** Puts readings together: for each its leaf, its key, its key id and its transaction id, one behind the other. */
export function packReadings(readings: readonly CheckedReading[]): PackedReadings {
  let sizeBytes = 0;
  for (const { leaf, key } of readings) sizeBytes += leaf.length + key.spki.length + 2 * HASH_BYTES;
  const bytes = new Uint8Array(sizeBytes);
  const table = new Float64Array(readings.length * COLUMNS);
  const devices: string[] = [];
  const seqs = new Map<number, readonly number[]>();
  let at = 0;
  for (const [i, reading] of readings.entries()) {
    const { key, leaf } = reading;
    bytes.set(leaf, at);
    const leafEnd = at + leaf.length;
    bytes.set(key.spki, leafEnd);
    const spkiEnd = leafEnd + key.spki.length;
    bytes.set(key.keyId, spkiEnd);
    bytes.set(reading.transactionId, spkiEnd + HASH_BYTES);
    at = spkiEnd + 2 * HASH_BYTES;
    const { seq = ABSENT, deviceTimeUs = ABSENT } = reading;
    const row = [reading.position, key.algorithm, Number(reading.hasDevice), seq, deviceTimeUs, leafEnd, spkiEnd];
    table.set(row, i * COLUMNS);
    devices.push(reading.device);
    if (reading.seqs) seqs.set(i, reading.seqs);
  }
  return { bytes: bytes.buffer, table, devices, seqs };
}

/** The readings again; their bytes are views of `packed.bytes`. */
export function unpackReadings(packed: PackedReadings): VerifiedReading[] {
  const { table } = packed;
  const bytes = new Uint8Array(packed.bytes);
  let at = 0;
  return packed.devices.map((device, i) => {
    const number = (column: number) => table[i * COLUMNS + column] ?? Number.NaN;
    const [leafEnd, spkiEnd] = [number(5), number(6)];
    const idAt = spkiEnd + HASH_BYTES;
    const keyId: KeyId = asKeyId(bytes.subarray(spkiEnd, idAt));
    const transactionId = asHash(bytes.subarray(idAt, idAt + HASH_BYTES));
    const leaf = bytes.subarray(at, leafEnd);
    at = idAt + HASH_BYTES;
    return nameReading({
      position: number(0),
      key: { algorithm: algorithmOf(number(1)), keyId, spki: bytes.subarray(leafEnd, spkiEnd) },
      device,
      hasDevice: number(2) === 1,
      seq: presentOf(number(3)),
      seqs: packed.seqs.get(i),
      deviceTimeUs: presentOf(number(4)),
      transactionId,
      leaf,
    });
  });
}

function presentOf(number: number): number | undefined {
  return number === ABSENT ? undefined : number;
}

function algorithmOf(number: number): PublicKey['algorithm'] {
  const algorithm = ALGORITHMS.find((known) => known === number);
  if (algorithm === undefined) throw new Error(`algorithm ${number} is unknown`);
  return algorithm;
}
