// One exchange with the receiver over HTTP: bounded in time and size, never redirected. What an answer means is the caller's question:
// receiver-client.ts for readings, enrolment-client.ts for keys.

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

/** @param request.body undefined: GET; null: POST without a body. @param request.timeoutMs for the whole exchange, answer included */
export async function exchange(request: {
  url: URL;
  body: Uint8Array<ArrayBuffer> | string | null | undefined;
  timeoutMs: number;
  signal: AbortSignal;
}): Promise<Exchange> {
  const { url, body, timeoutMs, signal } = request;
  try {
    const response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      ...(body !== undefined && body !== null && { headers: { 'content-type': 'application/json' }, body }),
      // A redirected POST may become a GET, or take a token elsewhere; the operator is better told that RECEIVER_URL is wrong.
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const json = parseJson(await readText(response));
    return { kind: 'answered', status: response.status, retryAfter: response.headers.get('retry-after'), json };
  } catch (error) {
    return { kind: 'unreachable', reason: networkReason(error) };
  }
}

async function readText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body) {
    sizeBytes += chunk.length;
    if (sizeBytes > ANSWER_LIMIT_BYTES) throw new Error(`the answer is longer than ${ANSWER_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: no schema accepts undefined, so the caller treats it as a malformed answer.
    return undefined;
  }
}

function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return 'the receiver cannot be reached';
  if (error.name === 'TimeoutError') return 'the receiver did not answer in time';
  if (error.name === 'AbortError') return 'the request was stopped';
  const { cause } = error;
  const detail =
    cause instanceof Error && 'code' in cause ? String(cause.code) : (cause instanceof Error ? cause : error).message;
  return `the receiver cannot be reached: ${detail}`.slice(0, REASON_LIMIT);
}
