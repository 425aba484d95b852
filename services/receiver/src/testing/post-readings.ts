// Requests to /receive_data and /validate_chain with their answers parsed, as a sender would read them.

import { z } from 'zod';

const receipt = z.object({
  transaction_id: z.string(),
  leaf_index: z.number(),
  leaf_hash: z.string(),
  received_at: z.number(),
  seal_by: z.number(),
  position: z.number(),
  count: z.number(),
  path: z.array(z.string()),
  signature: z.string(),
  block_index: z.number().optional(),
});
const answer = z.object({
  status: z.enum(['success', 'error']),
  message: z.string(),
  receipts: z.array(receipt).default([]),
  errors: z.array(z.object({ position: z.number().nullable(), code: z.string(), message: z.string() })).default([]),
});
const verdict = z.object({
  valid: z.boolean(),
  blocks: z.number(),
  leaves: z.number(),
  readings: z.number(),
  devices: z.number(),
  keys: z.number(),
  pending: z.number(),
  fault: z.unknown(),
});

export type TestReceipt = z.infer<typeof receipt>;
/** The plain face's answer, with the HTTP status and the headers. Receipts are empty on an error, errors on success. */
export type TestAnswer = z.infer<typeof answer> & { statusCode: number; headers: Headers };

/** POSTs a body as it is, `application/json` unless told otherwise. */
export async function postReadings(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  options: { query?: string; contentType?: string } = {},
): Promise<TestAnswer> {
  const response = await fetch(`${url}/receive_data${options.query ?? ''}`, {
    method: 'POST',
    headers: { 'content-type': options.contentType ?? 'application/json' },
    body,
  });
  return { ...answer.parse(await response.json()), statusCode: response.status, headers: response.headers };
}

/** The receipts of a body that must be accepted; throws with the receiver's reason when it is not. */
export async function mustAccept(url: string, body: string, query = ''): Promise<TestReceipt[]> {
  const { statusCode, receipts, message } = await postReadings(url, body, { query });
  if (statusCode !== 200) throw new Error(`the receiver answered ${statusCode}: ${message}`);
  return receipts;
}

/** What GET /validate_chain says. */
export async function validateChainOf(url: string): Promise<z.infer<typeof verdict>> {
  return verdict.parse(await (await fetch(`${url}/validate_chain`)).json());
}
