// The members of a ring that the user named, over HTTP: what one cannot give, another may. Answers are a stranger's: bounded, and believed
// only as far as the caller checks them. A member answers for the whole ring, so a block that every member misses is in no replica.

import { setTimeout as delay } from 'node:timers/promises';
import { MAX_BLOCK_BODY_BYTES, type Result } from '@telltale/ledger';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';
import { reasonOf } from '../read-file.ts';

/** Longest wait for one answer, body included: a member may have to fetch 64 MiB from another first. A guess. */
const ANSWER_TIMEOUT_MS = 120_000;
/** Bytes of an answer in JSON. GET /v1/ring lists fingers and members, some kilobytes for a hundred. A guess. */
const MAX_JSON_BYTES = 1024 * 1024;
/** Pauses before all members are asked again for what none could give just then. A guess: a ring repairs itself within seconds. */
const PAUSES_MS = [500, 2_000, 5_000];

const ringAnswer = z.looseObject({ id: z.string(), mode: z.string() });
const laneAnswer = z.looseObject({ origin: z.string(), height: z.number().int().nonnegative() });

/** `missing`: members answered, and the ring has none. `unavailable`: nobody could tell. `false`: what came was not what it must be. */
export type FromRing<Value> =
  | { readonly kind: 'found'; readonly value: Value }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unavailable'; readonly why: string }
  | { readonly kind: 'false'; readonly why: string };

/** `origin`: of its ledger. A member's word: what it is worth the signatures of the blocks show. */
export interface KnownLane {
  readonly origin: string;
  readonly headHeight: number;
}

type Read<Value> = (bytes: Uint8Array, headers: Headers) => Promise<Result<Value>> | Result<Value>;

export class RingMembers {
  private readonly signal: AbortSignal;
  /** Where they are, without a slash at the end. The one that answered last comes first. */
  private urls: readonly string[];

  private constructor(urls: readonly string[], signal: AbortSignal) {
    this.urls = urls;
    this.signal = signal;
  }

  /**
   * Those of `urls` that are in a ring; `onAbsent` hears of the others. `signal` ends every request.
   * Throws CliError `usage` for what is no URL, `unreachable` when none is in a ring.
   */
  static async open(
    urls: readonly string[],
    at: { signal: AbortSignal; onAbsent: (why: string) => void },
  ): Promise<RingMembers> {
    const all = new RingMembers(urls.map(baseUrlOf), at.signal);
    const asked = await Promise.all(
      all.urls.map(async (url) => ({ url, answer: await all.ask(url, { path: '/v1/ring', read: readRing }) })),
    );
    at.signal.throwIfAborted();
    const present: string[] = [];
    for (const { url, answer } of asked) {
      if (answer.kind === 'found') present.push(url);
      else at.onAbsent(`${url} is left out: ${answer.kind === 'missing' ? 'it is in no ring' : answer.why}`);
    }
    if (present.length > 0) return new RingMembers(present, at.signal);
    throw new CliError('unreachable', 'none of the receivers that --ring names answers as a member of a ring');
  }

  /** What the ring knows of this lane (hexadecimal). The highest head that any member names: each may see only a part of the ring. */
  async lane(lane: string): Promise<FromRing<KnownLane>> {
    return this.repeat(async () => {
      const request = { path: `/v1/ring/lanes/${lane}`, read: readLane };
      const answers = await Promise.all(this.urls.map((url) => this.ask(url, request)));
      const found = answers.flatMap((answer) => (answer.kind === 'found' ? [answer.value] : []));
      const [highest] = found.sort((a, b) => b.headHeight - a.headHeight);
      return highest ? { kind: 'found', value: highest } : worstOf(answers);
    });
  }

  /** The block at this path as `read` takes it, from the first member whose answer it takes. */
  async block<Value>(path: string, read: Read<Value>): Promise<FromRing<Value>> {
    return this.repeat(async () => {
      const answers: FromRing<Value>[] = [];
      for (const url of this.urls) {
        const answer = await this.ask(url, { path, read });
        if (answer.kind === 'found') {
          this.urls = [url, ...this.urls.filter((other) => other !== url)];
          return answer;
        }
        answers.push(answer);
      }
      return worstOf(answers);
    });
  }

  /** Again, after a pause, while nobody can tell. */
  private async repeat<Value>(attempt: () => Promise<FromRing<Value>>): Promise<FromRing<Value>> {
    for (const pauseMs of PAUSES_MS) {
      const answer = await attempt();
      if (answer.kind !== 'unavailable' || this.signal.aborted) return answer;
      // Ended while it waits: the next attempt says so.
      await delay(pauseMs, undefined, { signal: this.signal }).catch(() => undefined);
    }
    return attempt();
  }

  private async ask<Value>(url: string, request: { path: string; read: Read<Value> }): Promise<FromRing<Value>> {
    const address = `${url}${request.path}`;
    try {
      const signal = AbortSignal.any([this.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
      const answer = await fetch(address, { signal });
      if (!answer.ok) {
        await answer.body?.cancel();
        if (answer.status === 404) return { kind: 'missing' };
        return { kind: 'unavailable', why: `${address} answered ${answer.status}` };
      }
      const read = await request.read(await bytesOf(answer), answer.headers);
      if (read.ok) return { kind: 'found', value: read.value };
      return { kind: 'false', why: `what ${address} answered is not it: ${read.message}` };
    } catch (error) {
      return {
        kind: 'unavailable',
        why: `${address} cannot be reached, or stopped answering (${reasonOf(error)})`,
      };
    }
  }
}

/** What is to be said where nobody had it: a false answer is somebody's fault, an unavailable one may be another tomorrow. */
function worstOf<Value>(answers: readonly FromRing<Value>[]): FromRing<Value> {
  return (
    answers.find(({ kind }) => kind === 'unavailable') ??
    answers.find(({ kind }) => kind === 'false') ?? { kind: 'missing' }
  );
}

function baseUrlOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && /^https?:$/.test(parsed.protocol)) return `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
  throw new CliError('usage', `${url} is not the http or https URL of a receiver`);
}

async function bytesOf(answer: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_BLOCK_BODY_BYTES) throw new RangeError(`more than ${MAX_BLOCK_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

const readRing: Read<string> = (bytes) =>
  readJson(
    bytes,
    ringAnswer.transform(({ id }) => id),
  );

const readLane: Read<KnownLane> = (bytes) =>
  readJson(
    bytes,
    laneAnswer.transform(({ origin, height }) => ({ origin, headHeight: height })),
  );

function readJson<Value>(bytes: Uint8Array, schema: z.ZodType<Value>): Result<Value> {
  const refused = { ok: false, code: 'answer-malformed', message: 'not what a member of a ring answers' } as const;
  if (bytes.length > MAX_JSON_BYTES) return refused;
  try {
    const parsed = schema.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    return parsed.success ? { ok: true, value: parsed.data } : refused;
  } catch {
    // No JSON is one more answer that does not fit.
    return refused;
  }
}
