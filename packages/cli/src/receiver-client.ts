// A receiver over HTTP, as far as the CLI asks it. Answers are a stranger's: bounded, parsed, and believed in nothing that is not signed.

import { fromHex, type Hash, hashFromHex, type PublicKey, parsePublicKey } from '@telltale/ledger';
import { z } from 'zod';
import { CliError } from './cli-error.ts';
import { reasonOf } from './read-file.ts';

/** Longest wait for a whole small answer. A guess: a commit takes milliseconds, a slow line seconds. */
const ANSWER_TIMEOUT_MS = 30_000;
/** Bytes of a small answer: proofs are the largest, a leaf of 64 kB in base64 and a path. */
const MAX_ANSWER_BYTES = 1024 * 1024;
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
const problem = z.object({ title: z.string().optional(), detail: z.string().optional(), code: z.string().optional() });

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
  private readonly signal: AbortSignal;

  /** Throws CliError `usage` for what is no http(s) URL. `signal` ends every request. */
  constructor(url: string, signal: AbortSignal) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (!parsed || !/^https?:$/.test(parsed.protocol)) {
      throw new CliError('usage', `${url} is not the http or https URL of a receiver`);
    }
    // What stands behind the path is no part of where the receiver is.
    this.baseUrl = `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
    this.signal = signal;
  }

  /** Who the ledger says it is, and its newest block. Nothing of it is signed. */
  ledger(): Promise<LedgerAnswer> {
    return this.json('/v1/ledger', ledgerAnswer);
  }

  /** The signed note of the newest published checkpoint. */
  checkpoint(): Promise<string> {
    return this.text('/checkpoint');
  }

  /** The path that must show that the log of size `from` is the beginning of the log of size `to`. */
  async consistency(sizes: { from: number; to: number }): Promise<Hash[]> {
    const answer = await this.json(
      `/v1/consistency?from=${sizes.from}&to=${sizes.to}`,
      z.object({ path: z.array(hash) }),
    );
    return answer.path;
  }

  proof(transactionId: string): Promise<string> {
    return this.text(`/v1/readings/${transactionId}/proof`);
  }

  async nonce(): Promise<string> {
    const { nonce } = await this.json('/v1/keys/nonce', nonceAnswer, { method: 'POST' });
    return nonce;
  }

  key(keyIdHex: string): Promise<z.output<typeof keyAnswer>> {
    return this.json(`/v1/keys/${keyIdHex}`, keyAnswer);
  }

  /** Posts JSON and reads an answer of this shape. `adminToken` goes as bearer token. */
  post<Answer>(
    path: string,
    schema: z.ZodType<Answer>,
    request: { body: object; adminToken?: string },
  ): Promise<Answer> {
    const { body, adminToken } = request;
    const headers = {
      'content-type': 'application/json',
      ...(adminToken !== undefined && { authorization: `Bearer ${adminToken}` }),
    };
    return this.json(path, schema, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** The export, as it comes. Throws CliError `unreachable` when the connection fails, also half-way. */
  async *export(query = ''): AsyncGenerator<Uint8Array> {
    const url = `${this.baseUrl}/v1/export${query}`;
    const answer = await this.fetch(url, { signal: this.signal });
    if (!answer.ok) throw await refusedBy(url, answer);
    if (!answer.body) return;
    try {
      yield* answer.body;
    } catch (cause) {
      throw unreachable(url, cause);
    }
  }

  private async json<Answer>(path: string, schema: z.ZodType<Answer>, init: RequestInit = {}): Promise<Answer> {
    const text = await this.text(path, init);
    const parsed = schema.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
    throw new CliError('answer-malformed', `${this.baseUrl}${path} did not answer as a Telltale receiver does`);
  }

  private async text(path: string, init: RequestInit = {}): Promise<string> {
    const url = `${this.baseUrl}${path}`;
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
    const answer = await this.fetch(url, { ...init, signal });
    if (!answer.ok) throw await refusedBy(url, answer);
    try {
      return await readBounded(answer);
    } catch (cause) {
      throw cause instanceof CliError ? cause : unreachable(url, cause);
    }
  }

  private async fetch(url: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, init);
    } catch (cause) {
      throw unreachable(url, cause);
    }
  }
}

function unreachable(url: string, cause: unknown): CliError {
  return new CliError('unreachable', `${url} cannot be reached, or stopped answering (${reasonOf(cause)})`, { cause });
}

async function refusedBy(url: string, answer: Response): Promise<RefusedError> {
  // The status says enough where the rest cannot be read.
  const text = await readBounded(answer).catch(() => '');
  const parsed = problem.safeParse(jsonOf(text));
  const { title, detail, code: reason } = parsed.success ? parsed.data : {};
  const message = printable(detail ?? title ?? answer.statusText).slice(0, MAX_SHOWN_CHARACTERS);
  return new RefusedError({ url, status: answer.status, message, reason });
}

async function readBounded(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_ANSWER_BYTES) {
      throw new CliError('answer-malformed', `${answer.url} answered with more than ${MAX_ANSWER_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON is one more answer that does not fit the schema.
    return undefined;
  }
}

/** A stranger's text may not steer the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
}
