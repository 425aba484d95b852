// One exchange over HTTP, bounded in time and size and never redirected: a stranger's answer may neither hang nor fill the memory of who asks.

import { ExchangeError } from './exchange-error.ts';

export interface ExchangeBounds {
  /** For the whole exchange, answer included. */
  readonly timeoutMs: number;
  /** Longest answer read. */
  readonly maxAnswerBytes: number;
  /** Ends every request. */
  readonly signal?: AbortSignal | undefined;
}

/** As `fetch`, but the answer is there as a whole. Rejects with ExchangeError alone. */
export type BoundedFetch = (input: Request | URL | string, init?: RequestInit) => Promise<Response>;

/** A fetch with these bounds. A signal of the request ends it as well. Source: WHATWG Fetch. */
export function boundedFetch({ timeoutMs, maxAnswerBytes, signal }: ExchangeBounds): BoundedFetch {
  return async (input, init = {}) => {
    const own = init.signal ?? (input instanceof Request ? input.signal : undefined);
    const signals = [own, signal].filter((one) => one instanceof AbortSignal);
    try {
      const answer = await fetch(input, {
        ...init,
        // A redirected POST may become a GET, or take a token elsewhere; who asks is better told that the URL is wrong.
        redirect: 'error',
        signal: AbortSignal.any([...signals, AbortSignal.timeout(timeoutMs)]),
      });
      const bytes = await readBounded(answer, maxAnswerBytes);
      const { status, statusText, headers } = answer;
      return new Response(bytes.length === 0 ? null : bytes, { status, statusText, headers });
    } catch (cause) {
      throw failureOf(cause);
    }
  };
}

async function readBounded(answer: Response, maxAnswerBytes: number): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  // Leaving the loop by an error cancels the rest.
  for await (const chunk of answer.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxAnswerBytes) {
      throw new ExchangeError('answer-too-long', `the answer is longer than ${maxAnswerBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function failureOf(cause: unknown): ExchangeError {
  if (cause instanceof ExchangeError) return cause;
  const error = cause instanceof Error ? cause : new Error('unknown');
  if (error.name === 'TimeoutError')
    return new ExchangeError('timed-out', 'the receiver did not answer in time', { cause });
  if (error.name === 'AbortError') return new ExchangeError('stopped', 'the request was stopped', { cause });
  return new ExchangeError('unreachable', `the receiver cannot be reached: ${detailOf(error)}`, { cause });
}

/** fetch itself only says "fetch failed"; beneath it is the code of the system, or a reason. */
function detailOf(error: Error): string {
  const inner = error.cause instanceof Error ? error.cause : error;
  return 'code' in inner ? String(inner.code) : inner.message;
}
