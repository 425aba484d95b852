// Gets checkpoints cosigned by this ledger's witnesses. It runs beside sealing and is never awaited by it: a witness that is slow, silent or
// hostile delays the cosigned checkpoint and nothing else. Of the receivers of one ledger only the one that seals asks; the others read
// from the database what it got. It publishes nothing itself: http/checkpoint asks `latest` and `cosign`.

import { setTimeout as delay } from 'node:timers/promises';
import { openCosignature } from '@telltale/ledger';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { backoffMs } from '../backoff.ts';
import { proveGrowth } from '../proofs/prove.ts';
import type { PublishedCheckpoint } from '../proofs/published-checkpoint.ts';
import {
  loadCosignatures,
  loadCosignedCheckpoint,
  type StoredCosignature,
  saveCosignature,
  saveCosignedCheckpoint,
} from '../store/cosignature-store.ts';
import { askWitness, type WitnessAnswer } from './witness-client.ts';
import type { WitnessAddress } from './witness-list.ts';

/** How often the head is looked at: the least time between two requests to one witness. A guess, as for the sealer. */
const POLL_MS = 500;

export interface CosignerContext {
  readonly pool: Pool;
  readonly witnesses: readonly WitnessAddress[];
  /** Cosignatures that `latest` needs; 0 counts as 1 there. */
  readonly policy: number;
  /** The newest block's checkpoint, without cosignatures. The note of one head is always the same. */
  readonly newest: () => PublishedCheckpoint;
  /** Whether this receiver is the ledger's sealer. */
  readonly isSealing: () => boolean;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly nowUs: () => number;
}

/** One witness and what is known of it. Owned by the Cosigner. */
interface WitnessState {
  readonly address: WitnessAddress;
  /** Its newest cosignature. */
  cosigned: StoredCosignature | undefined;
  /** The request under way: at most one. */
  asking: Promise<void> | undefined;
  /** Failures in a row; it rests after each. */
  failures: number;
  rest: NodeJS.Timeout | undefined;
}

/** The newest checkpoint with enough cosignatures. */
interface CosignedCheckpoint extends PublishedCheckpoint {
  /** Signature lines by verifier key; `note` is without them. */
  readonly lines: ReadonlyMap<string, string>;
}

export class Cosigner {
  private readonly context: CosignerContext;
  private readonly states: readonly WitnessState[];
  private readonly stopping = new AbortController();
  private cosigned: CosignedCheckpoint | undefined;
  /** What all witnesses are asked for. Not always the newest: on a busy ledger no two witnesses would ever cosign the same one. */
  private candidate: PublishedCheckpoint | undefined;
  private isLeading = false;
  private failure: string | undefined;
  private recording: Promise<void> = Promise.resolve();
  private running: Promise<void> = Promise.resolve();

  constructor(context: CosignerContext) {
    this.context = context;
    this.states = context.witnesses.map((address) => ({
      address,
      cosigned: undefined,
      asking: undefined,
      failures: 0,
      rest: undefined,
    }));
  }

  /** Loads what earlier runs got, then goes on by itself. Rejects when the database cannot be read. */
  async start(): Promise<void> {
    await this.reload();
    this.running = this.run();
  }

  /** Cuts the requests under way; nothing is lost, the witnesses are asked again. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const { rest } of this.states) clearTimeout(rest);
    await this.running;
    await Promise.all(this.states.map((state) => state.asking));
  }

  /** A checkpoint of this ledger with the cosignature lines that came for it, if any. */
  cosign(note: string): string {
    return `${note}${[...this.linesOf(note).values()].join('')}`;
  }

  /** The newest checkpoint that enough witnesses cosigned, with its lines; undefined: none yet. Its size never goes back. */
  latest(): PublishedCheckpoint | undefined {
    const { cosigned } = this;
    return cosigned && { head: cosigned.head, note: this.cosign(cosigned.note) };
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.turn();
        this.noteFailure(undefined);
      } catch (error) {
        this.noteFailure(error);
      }
      // Aborted only by stop(), which the loop's condition sees.
      await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Asks whoever is free for the candidate; a receiver that does not seal only reads. */
  private async turn(): Promise<void> {
    const wasLeading = this.isLeading;
    this.isLeading = this.context.isSealing();
    if (!this.isLeading || !wasLeading) await this.reload();
    if (!this.isLeading || this.stopping.signal.aborted) return;
    const candidate = this.nextCandidate();
    for (const state of this.states) {
      const isFree = state.asking === undefined && state.rest === undefined;
      if (!isFree || state.cosigned?.checkpoint === candidate.note) continue;
      state.asking = this.ask(state, candidate).finally(() => {
        state.asking = undefined;
      });
    }
  }

  /** The newest checkpoint, unless an older one still waits for answers that it needs. */
  private nextCandidate(): PublishedCheckpoint {
    const newest = this.context.newest();
    const { candidate } = this;
    const isAwaited = this.states.some((state) => state.asking !== undefined);
    const isEnough = candidate !== undefined && this.linesOf(candidate.note).size >= this.needed;
    if (candidate && sizeOf(candidate) <= sizeOf(newest) && isAwaited && !isEnough) return candidate;
    this.candidate = newest;
    return newest;
  }

  private get needed(): number {
    return Math.max(1, this.context.policy);
  }

  private async ask(state: WitnessState, candidate: PublishedCheckpoint): Promise<void> {
    try {
      const answer = await this.exchange(state, candidate);
      if (this.stopping.signal.aborted) return;
      if (answer.kind === 'failed') return this.failed(state, answer.reason);
      if (answer.kind === 'conflict') {
        // It lies, or this ledger was put back to an older state: a path between the two does not exist.
        return this.failed(state, `it says that it cosigned size ${answer.size} already`);
      }
      await this.record(state, { candidate, line: answer.cosignature.line });
      if (state.failures > 0) this.context.log.info({ witness: state.address.verifier.name }, 'witness cosigns again');
      state.failures = 0;
    } catch (error) {
      this.failed(state, error instanceof Error ? error.message : String(error));
    }
  }

  /** One request, and a second one if the witness names another size than the one that was thought to be its last. Never a third. */
  private async exchange(state: WitnessState, candidate: PublishedCheckpoint): Promise<WitnessAnswer> {
    const known = state.cosigned?.size ?? 0;
    const oldSize = known <= sizeOf(candidate) ? known : 0;
    const answer = await this.request(state, { candidate, oldSize });
    if (answer.kind !== 'conflict' || answer.size > sizeOf(candidate) || answer.size === oldSize) return answer;
    return this.request(state, { candidate, oldSize: answer.size });
  }

  private async request(
    { address: witness }: WitnessState,
    { candidate, oldSize }: { candidate: PublishedCheckpoint; oldSize: number },
  ): Promise<WitnessAnswer> {
    const { pool, nowUs } = this.context;
    const path = await proveGrowth(pool, { fromSize: oldSize, toSize: sizeOf(candidate) });
    const { signal } = this.stopping;
    return askWitness({ witness, oldSize, path, checkpoint: candidate.note, nowUs, signal });
  }

  /** One after the other: each counts the lines of those before it. On disk first, so that what was published stays published. */
  private record(state: WitnessState, got: { candidate: PublishedCheckpoint; line: string }): Promise<void> {
    const recorded = this.recording.then(async () => {
      const { pool } = this.context;
      const { head, note: checkpoint } = got.candidate;
      const size = head.header.logSize;
      const cosigned = { witness: state.address.key, size, checkpoint, cosignature: got.line };
      await saveCosignature(pool, cosigned);
      state.cosigned = cosigned;
      const lines = this.linesOf(checkpoint);
      if (lines.size < this.needed || (this.cosigned && size < sizeOf(this.cosigned))) return;
      await saveCosignedCheckpoint(pool, { size, checkpoint, cosignatures: [...lines.values()].join('') });
      this.cosigned = { head, note: checkpoint, lines };
    });
    // Whoever comes next does not care how this one ended; the caller does.
    this.recording = recorded.catch(() => undefined);
    return recorded;
  }

  private failed(state: WitnessState, reason: string): void {
    if (this.stopping.signal.aborted) return;
    state.failures++;
    if (state.failures === 1) {
      this.context.log.warn({ witness: state.address.verifier.name, reason }, 'witness does not cosign');
    }
    state.rest = setTimeout(
      () => {
        state.rest = undefined;
      },
      backoffMs(state.failures, Math.random),
    );
  }

  /** Cosignature lines for this very note, by witness: the newest of each, or what stands below the newest cosigned checkpoint. */
  private linesOf(note: string): Map<string, string> {
    const lines = new Map(this.cosigned?.note === note ? this.cosigned.lines : []);
    for (const { address, cosigned } of this.states) {
      if (cosigned?.checkpoint === note) lines.set(address.key, cosigned.cosignature);
    }
    return lines;
  }

  /** What the database holds, as far as the witnesses that are configured now stand behind it. */
  private async reload(): Promise<void> {
    const { pool } = this.context;
    for (const stored of await loadCosignatures(pool)) {
      const state = this.states.find(({ address }) => address.key === stored.witness);
      if (!state || stored.cosignature === state.cosigned?.cosignature) continue;
      const line = await openCosignature(`${stored.checkpoint}${stored.cosignature}`, state.address.verifier);
      if (line.ok) state.cosigned = stored;
    }
    const stored = await loadCosignedCheckpoint(pool);
    const isNews = stored && stored.head.header.logSize >= (this.cosigned ? sizeOf(this.cosigned) : 0);
    if (!isNews) return;
    const lines = new Map<string, string>();
    for (const { address } of this.states) {
      const line = await openCosignature(`${stored.checkpoint}${stored.cosignatures}`, address.verifier);
      if (line.ok) lines.set(address.key, line.value.line);
    }
    if (lines.size >= this.needed) this.cosigned = { head: stored.head, note: stored.checkpoint, lines };
  }

  /** Says once that the database cannot be read, and once that it can again. */
  private noteFailure(error: unknown): void {
    const failure = error === undefined ? undefined : error instanceof Error ? error.message : String(error);
    if (failure === this.failure || this.stopping.signal.aborted) return;
    this.failure = failure;
    if (failure === undefined) this.context.log.info({}, 'asking witnesses goes on');
    else this.context.log.warn({ err: error }, 'asking witnesses failed, it is tried again');
  }
}

function sizeOf(checkpoint: PublishedCheckpoint): number {
  return checkpoint.head.header.logSize;
}
