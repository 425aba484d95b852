// What the receiver's import says line by line on its standard output, read as it writes it (services/receiver/src/import/import-report.ts).

import { asHash, type ExportFault, fromBase64, hashFromHex, type PublicKey, parsePublicKey } from '@telltale/ledger';
import { z } from 'zod';

const whole = z.number().int().nonnegative();
const hash = z.string().transform((hex, context) => {
  const value = hashFromHex(hex);
  if (!value) context.addIssue('must be a hash in hexadecimal');
  return value ? asHash(value) : z.NEVER;
});
const key = z.string().transform((base64, context): PublicKey => {
  const bytes = fromBase64(base64);
  const value = bytes && parsePublicKey(bytes);
  if (!value?.ok) context.addIssue('must be a public key');
  return value?.ok ? value.value : z.NEVER;
});
const fault = z
  .object({
    code: z.string(),
    message: z.string(),
    line: whole,
    block_index: whole.nullable(),
    leaf_index: whole.nullable(),
  })
  .transform(
    ({ code, message, line, block_index: blockIndex, leaf_index: leafIndex }): ExportFault => ({
      code,
      message,
      line,
      ...(blockIndex !== null && { blockIndex }),
      ...(leafIndex !== null && { leafIndex }),
    }),
  );
const read = z.object({
  origin: z.string().nullable(),
  public_key: key.nullable(),
  blocks: whole,
  leaves: whole,
  readings: whole,
  devices: whole,
  keys: whole,
  first_received_at: whole.nullable(),
  last_received_at: whole.nullable(),
  head: z.object({ index: whole, hash, timestamp: whole, log_size: whole }).nullable(),
  checkpoint: z.object({ size: whole, root: hash, note: z.string() }).nullable(),
});
const line = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('progress'), leaves: whole }),
  z.object({ kind: z.literal('refused'), code: z.string(), message: z.string() }),
  z.object({ kind: z.literal('imported'), ...read.shape }),
  z.object({ kind: z.literal('not-sound'), ...read.shape, fault }),
]);

type ReportLine = z.output<typeof line>;
/** What became of the import: the last line. The others say how far it is. */
export type ImportReport = Exclude<ReportLine, { kind: 'progress' }>;
/** A report on an export that was read. */
export type ReadReport = Exclude<ImportReport, { kind: 'refused' }>;

/** One line, or undefined for what the receiver does not write. */
export function parseReportLine(text: string): ReportLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // No JSON is one more line that does not fit the schema.
    return undefined;
  }
  const parsed = line.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
