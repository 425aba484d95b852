// A receiver over HTTP, as far as the CLI asks it: @telltale/client with the CLI's bounds and errors. Answers are a stranger's: parsed, and
// believed in nothing that is not signed.

import {
  type Asked,
  answerOf,
  createClient,
  ExchangeError,
  ProblemError,
  type ReceiverClient as ReceiverApi,
} from '@telltale/client';
import { fromHex, type Hash, hashFromHex, type PublicKey, parsePublicKey } from '@telltale/ledger';
import { z } from 'zod';
import { CliError } from './cli-error.ts';
import { reasonOf } from './read-file.ts';

/** Longest wait for a whole small answer. A guess: a commit takes milliseconds, a slow line seconds. */
const ANSWER_TIMEOUT_MS = 30_000;
/** Bytes of a small answer: proofs are the largest, a leaf of 64 kB in base64 and a path. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Bytes that are read of an answer that says no. */
const MAX_PROBLEM_BYTES = 64 * 1024;
/** Characters of a stranger's error message that are shown. */
const MAX_SHOWN_CHARACTERS = 300;

const hash = z.string().transform((text, context): Hash => {
  const value = hashFromHex(text);
  if (!value) context.addIssue('must be a hash in hexadecimal');
  return value ?? z.NEVER;
});
const key = z.base64().transform((text, context): PublicKey => {
  const value = parsePublicKey(Buffer.from(text, 'base64'));
  if (!value.ok) context.addIssue(value.message);
  return value.ok ? value.value : z.NEVER;
});
const whole = z.number().int().nonnegative();
const ledgerAnswer = z.object({
  origin: z.string(),
  public_key: key,
  head: z.object({ index: whole, hash, log_size: whole }),
});
const nonceAnswer = z.object({ nonce: z.string().refine((text) => fromHex(text)?.length === 32) });
const keyAnswer = z.object({ devices: z.array(z.object({ device: z.string() })), revoked_leaf: whole.nullable() });

export type LedgerAnswer = z.output<typeof ledgerAnswer>;

/** An answer that says no. */
export class RefusedError extends CliError {
  readonly status: number;
  /** The receiver's own code, where it gave one. */
  readonly reason: string | undefined;

  constructor(answer: { url: string; status: number; message: string; reason: string | undefined }) {
    super('refused', `${answer.url} answered ${answer.status}: ${answer.message}`);
    this.status = answer.status;
    this.reason = answer.reason;
  }
}

export class ReceiverClient {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  private readonly api: ReceiverApi;
  private readonly signal: AbortSignal;

  /** Throws CliError `usage` for what is no http(s) URL. `signal` ends every request. */
  constructor(url: string, signal: AbortSignal) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (!parsed || !/^https?:$/.test(parsed.protocol)) {
      throw new CliError('usage', `${url} is not the http or https URL of a receiver`);
    }
    // What stands behind the path is no part of where the receiver is.
    this.baseUrl = `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
    this.api = createClient(this.baseUrl, { timeoutMs: ANSWER_TIMEOUT_MS, maxAnswerBytes: MAX_ANSWER_BYTES, signal });
    this.signal = signal;
  }

  /** Who the ledger says it is, and its newest block. Nothing of it is signed. */
  ledger(): Promise<LedgerAnswer> {
    return this.ask(ledgerAnswer, (api) => api.GET('/v1/ledger'));
  }

  /** The signed note of the newest published checkpoint. */
  checkpoint(): Promise<string> {
    return this.ask(z.string(), (api) => api.GET('/checkpoint', { parseAs: 'text' }));
  }

  /** The path that must show that the log of size `from` is the beginning of the log of size `to`. */
  async consistency(sizes: { from: number; to: number }): Promise<Hash[]> {
    const schema = z.object({ path: z.array(hash) });
    const answer = await this.ask(schema, (api) => api.GET('/v1/consistency', { params: { query: sizes } }));
    return answer.path;
  }

  proof(transactionId: string): Promise<string> {
    const at = { params: { path: { transaction_id: transactionId } }, parseAs: 'text' } as const;
    return this.ask(z.string(), (api) => api.GET('/v1/readings/{transaction_id}/proof', at));
  }

  async nonce(): Promise<string> {
    const { nonce } = await this.ask(nonceAnswer, (api) => api.POST('/v1/keys/nonce'));
    return nonce;
  }

  key(keyIdHex: string): Promise<z.output<typeof keyAnswer>> {
    return this.ask(keyAnswer, (api) => api.GET('/v1/keys/{key_id}', { params: { path: { key_id: keyIdHex } } }));
  }

  /**
   * Asks the API and reads an answer of this shape. Throws CliError `answer-malformed` for another one, `unreachable` where there is none, and
   * RefusedError for one that says no.
   */
  async ask<Answer>(
    schema: z.ZodType<Answer>,
    request: (api: ReceiverApi) => Promise<Asked<unknown>>,
  ): Promise<Answer> {
    const answer = await answerOf(request(this.api)).catch((cause: unknown) => {
      throw this.faultOf(cause);
    });
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw this.malformed();
  }

  /** The export, as it comes: it has no end that could be bounded. Throws CliError `unreachable` when the connection fails, also half-way. */
  async *export(query = ''): AsyncGenerator<Uint8Array> {
    const url = `${this.baseUrl}/v1/export${query}`;
    try {
      const answer = await fetch(url, { signal: this.signal });
      if (!answer.ok) throw new ProblemError({ url, answer, text: await firstOf(answer) });
      yield* answer.body ?? [];
    } catch (cause) {
      throw this.faultOf(cause, url);
    }
  }

  private faultOf(cause: unknown, url = this.baseUrl): CliError {
    if (cause instanceof ProblemError) {
      const message = printable(cause.detail).slice(0, MAX_SHOWN_CHARACTERS);
      return new RefusedError({ url: cause.url, status: cause.status, message, reason: cause.code });
    }
    if (cause instanceof ExchangeError && (cause.code === 'answer-malformed' || cause.code === 'answer-too-long')) {
      return this.malformed(cause);
    }
    return new CliError('unreachable', `${url} cannot be reached, or stopped answering (${reasonOf(cause)})`, {
      cause,
    });
  }

  private malformed(cause?: ExchangeError): CliError {
    return new CliError('answer-malformed', `${this.baseUrl} did not answer as a Telltale receiver does`, { cause });
  }
}

/** The header of a request of whoever holds this token. */
export function bearer(token: string): { headers: { authorization: string } } {
  return { headers: { authorization: `Bearer ${token}` } };
}

/** The beginning of an answer that says no. The status says enough where it cannot be read. */
async function firstOf(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of answer.body ?? []) {
      sizeBytes += chunk.length;
      chunks.push(chunk);
      if (sizeBytes > MAX_PROBLEM_BYTES) break;
    }
  } catch {
    // What came is shown.
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A stranger's text may not steer the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
}
