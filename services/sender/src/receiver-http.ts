// One exchange with the receiver over HTTP: bounded in time and size, never redirected. What an answer means is the caller's question:
// receiver-client.ts for readings, enrolment-client.ts for keys. Not fetch: its parser in WebAssembly and its web streams cost a sender 20 MB.

import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** Longest answer read, in bytes: 1000 receipts of about 1.5 kB, five times over. Guards a small machine's memory. */
const ANSWER_LIMIT_BYTES = 8 * 1024 * 1024;

/** Longest reason kept of what a receiver says, in characters. A guess at what a person still reads. */
export const REASON_LIMIT = 500;

export type Exchange =
  /** `json` is undefined when the body is no JSON. */
  | { kind: 'answered'; status: number; retryAfter: string | null; json: unknown }
  /** Whether the receiver took the request is unknown. */
  | { kind: 'unreachable'; reason: string };

/** @param receiverUrl with or without its last slash @param path without a first slash */
export function resourceUrl(receiverUrl: string, path: string): URL {
  return new URL(path, receiverUrl.endsWith('/') ? receiverUrl : `${receiverUrl}/`);
}

interface Request {
  readonly url: URL;
  /** undefined: GET; null: POST without a body. */
  readonly body: Uint8Array<ArrayBuffer> | string | null | undefined;
  readonly signal: AbortSignal;
}

/** @param request.timeoutMs for the whole exchange, answer included */
export async function exchange(request: Request & { readonly timeoutMs: number }): Promise<Exchange> {
  const { timeoutMs, ...sent } = request;
  // Not AbortSignal.timeout: its timer would hold what belongs to a finished exchange until the time is over.
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  try {
    const answer = await send({ ...sent, signal: AbortSignal.any([request.signal, late.signal]) });
    const json = parseJson(await readText(answer));
    const { statusCode: status = 0, headers } = answer;
    return { kind: 'answered', status, retryAfter: headers['retry-after'] ?? null, json };
  } catch (error) {
    if (request.signal.aborted) return { kind: 'unreachable', reason: 'the request was stopped' };
    if (late.signal.aborted) return { kind: 'unreachable', reason: 'the receiver did not answer in time' };
    return { kind: 'unreachable', reason: networkReason(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** Node.js keeps the connection for the next request. Redirects are not followed: an operator is told by them that RECEIVER_URL is wrong. */
function send({ url, body, signal }: Request): Promise<IncomingMessage> {
  const start = url.protocol === 'https:' ? requestHttps : requestHttp;
  const hasBody = body !== undefined && body !== null;
  return new Promise((resolve, reject) => {
    const request = start(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: hasBody ? { 'content-type': 'application/json' } : {},
      signal,
    });
    request.once('response', resolve);
    // Also after the answer began: what then fails is heard by whoever reads it.
    request.on('error', reject);
    request.end(body ?? undefined);
  });
}

async function readText(answer: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer) {
    sizeBytes += chunk.length;
    if (sizeBytes > ANSWER_LIMIT_BYTES) throw new Error(`the answer is longer than ${ANSWER_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: no schema accepts undefined, so the caller treats it as a malformed answer.
    return undefined;
  }
}

function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return 'the receiver cannot be reached';
  const detail = 'code' in error ? String(error.code) : error.message;
  return `the receiver cannot be reached: ${detail}`.slice(0, REASON_LIMIT);
}
