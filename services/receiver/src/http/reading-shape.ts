// What /v1/readings says of a transaction, for the OpenAPI document. The bytes themselves are made by proofs/reading-json.ts.

import { z } from 'zod';
import { messageShape } from './message-shape.ts';
import { proofJson, proofJsonExample } from './proof-shape.ts';

export const transactionId = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits')
  .meta({
    description: 'Of a reading: SHA-256 over the key id and the message. Of a registry leaf: its leaf hash.',
    examples: ['6d1b1f5a5e0f7f4a0d2f2d1c1f6d4c0a7b0e9f3b8d5a4c6e1f0a9b8c7d6e5f40'],
  });

const measurement = z.object({
  name: z.string(),
  unit: z.string().optional(),
  value: z.number().optional(),
  string: z.string().optional(),
  boolean: z.boolean().optional(),
  data: z.string().optional().describe('Bytes, as base64url.'),
  sum: z.number().optional().describe('The integral of the value over time.'),
  time: z.number().describe('Microseconds since the Unix epoch; received_at where the message says none.'),
  update_time_s: z.number().optional().describe('Seconds until the device will report again, at most.'),
});

const shape = z.object({
  transaction_id: transactionId,
  leaf_index: z.number(),
  leaf_hash: z.string().describe('SHA-256(0x00 ‖ leaf), hexadecimal.'),
  kind: z.enum(['reading', 'key-enrolled', 'key-revoked']),
  device: z
    .string()
    .nullable()
    .describe('The key’s own device where the reading names none; null for registry leaves.'),
  seq: z.number().nullable().describe('Of a list: the last sequence number in it.'),
  key_id: z.string(),
  algorithm: z
    .enum(['ed25519', 'ecdsa-p256', 'rsa-pss'])
    .nullable()
    .describe('Null: a first use, which nobody signed.'),
  received_at: z.number().describe('The receiver’s clock when it was accepted, microseconds since the Unix epoch.'),
  signature: z.string().describe('Base64.'),
  state: z.enum(['pending', 'sealed']),
  block_index: z.number().nullable(),
  sealed_at: z.number().nullable().describe('Timestamp of its block, microseconds since the Unix epoch.'),
  clock_offset: z
    .number()
    .nullable()
    .describe('The time that the reading says less received_at, in microseconds; null where it says none.'),
  resolved: z
    .array(measurement)
    .nullable()
    .optional()
    .describe(
      'Where data is an array: what it measured, one by one and in its order. The records of a SenML pack, resolved (RFC 8428); of a list of readings each member that is a number, a string or a boolean. Null for a pack that is broken.',
    ),
  unresolved: z
    .object({ code: z.string(), message: z.string() })
    .optional()
    .describe('Where resolved is null: why. It is a signed reading all the same.'),
  data: messageShape.describe('The message, byte for byte as it was signed.'),
});

const foreign = shape.extend({
  origin: z.string().optional().describe('Of the ledger that holds it, where that is another one.'),
});

const example: z.infer<typeof shape> = {
  transaction_id: '6d1b1f5a5e0f7f4a0d2f2d1c1f6d4c0a7b0e9f3b8d5a4c6e1f0a9b8c7d6e5f40',
  leaf_index: 41,
  leaf_hash: '0b7c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c',
  kind: 'reading',
  device: 'Raspberry Pi 1',
  seq: 17,
  key_id: '7a1c9e0d2b3f4a5c6d7e8f901a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d',
  algorithm: 'ed25519',
  received_at: 1_767_225_600_123_456,
  signature: 'c2lnbmF0dXJl',
  state: 'sealed',
  block_index: 20,
  sealed_at: 1_767_225_601_000_000,
  clock_offset: -123_456,
  data: { device: 'Raspberry Pi 1', seq: 17, distance: 120, timestamp: 1_767_225_600 },
};

const packExample: z.infer<typeof shape> = {
  ...example,
  resolved: [
    { name: 'pi1/temperature', unit: 'Cel', value: 21.5, time: 1_767_225_590_000_000 },
    { name: 'pi1/temperature', unit: 'Cel', value: 21.6, time: 1_767_225_600_000_000 },
  ],
  data: [
    { bn: 'pi1/', bt: 1_767_225_600, bu: 'Cel', device: 'Raspberry Pi 1', seq: 17, n: 'temperature', t: -10, v: 21.5 },
    { n: 'temperature', v: 21.6 },
  ],
};

export const reading = foreign.meta({ id: 'Reading', examples: [example, packExample] });

export const readings = z
  .object({
    readings: z.array(
      shape.extend({
        proof: proofJson.nullable().optional().describe('With proof=1; null while no proof can be made.'),
      }),
    ),
  })
  .meta({ id: 'Readings', examples: [{ readings: [{ ...example, proof: proofJsonExample }] }] });
