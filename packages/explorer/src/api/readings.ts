// Transactions: one by its id, its proof, and the readings of a device.

import { type Proof, proofFromJson } from '@telltale/ledger';
import * as z from 'zod/mini';
import { getJson } from './get-json.ts';

const message = z.record(z.string(), z.unknown());
/** One of the many values in a message that is an array; times in microseconds. */
const measurement = z.object({
  name: z.string(),
  unit: z.optional(z.string()),
  value: z.optional(z.number()),
  string: z.optional(z.string()),
  boolean: z.optional(z.boolean()),
  data: z.optional(z.string()),
  sum: z.optional(z.number()),
  time: z.number(),
});
export type MeasurementAnswer = z.infer<typeof measurement>;

const reading = z.object({
  transaction_id: z.string(),
  leaf_index: z.number(),
  leaf_hash: z.string(),
  kind: z.enum(['reading', 'key-enrolled', 'key-revoked']),
  device: z.nullable(z.string()),
  seq: z.nullable(z.number()),
  key_id: z.string(),
  algorithm: z.nullable(z.string()),
  received_at: z.number(),
  state: z.enum(['pending', 'sealed']),
  block_index: z.nullable(z.number()),
  sealed_at: z.nullable(z.number()),
  clock_offset: z.nullable(z.number()),
  data: z.union([message, z.array(message)]),
  /** Where data is an array: what it measured; null for a SenML pack that is broken. */
  resolved: z.optional(z.nullable(z.array(measurement))),
  unresolved: z.optional(z.object({ message: z.string() })),
  /** Where it is another ledger's. */
  origin: z.optional(z.string()),
});
export type ReadingAnswer = z.infer<typeof reading>;

const page = z.object({ readings: z.array(reading) });
/** Readings of one request; the receiver gives no more. */
const PAGE_READINGS = 1000;

export function getReading(transactionId: string, signal?: AbortSignal): Promise<ReadingAnswer> {
  return getJson(reading, `/v1/readings/${transactionId}`, signal);
}

/** The reading with this leaf index; undefined where there is none, or a leaf that is no reading. */
export async function findReadingAt(leafIndex: number, signal?: AbortSignal): Promise<ReadingAnswer | undefined> {
  const after = leafIndex > 0 ? `&after=${leafIndex - 1}` : '';
  const { readings } = await getJson(page, `/v1/readings?limit=1${after}`, signal);
  return readings.find((found) => found.leaf_index === leafIndex);
}

/** Sealed readings of a device in the order of the log: at most PAGE_READINGS, from a time (microseconds) or behind a leaf on. */
export async function getReadingsOf(
  of: { device: string; fromUs?: number | undefined; after?: number | undefined },
  signal?: AbortSignal,
): Promise<ReadingAnswer[]> {
  const query = new URLSearchParams({ device: of.device, limit: String(PAGE_READINGS) });
  if (of.fromUs !== undefined) query.set('from', String(of.fromUs));
  if (of.after !== undefined) query.set('after', String(of.after));
  return (await getJson(page, `/v1/readings?${query}`, signal)).readings;
}

/** Where the proof is as text, to be kept. */
export function proofPath(transactionId: string): string {
  return `/v1/readings/${transactionId}/proof?format=text`;
}

/** The proof of a sealed transaction, not checked yet. Rejects with the code `pending` while there is none. */
export async function getProof(transactionId: string, signal?: AbortSignal): Promise<Proof> {
  const json = await getJson(z.unknown(), `/v1/readings/${transactionId}/proof?format=json`, signal);
  const proof = proofFromJson(json);
  if (!proof.ok) throw new TypeError(proof.message);
  return proof.value;
}
