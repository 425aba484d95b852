// This receiver as a witness of other logs: it cosigns a checkpoint only when it extends the last one that it cosigned, and remembers it
// before the cosignature leaves. Source: C2SP tlog-witness "add-checkpoint", tlog-cosignature. HTTP is not here: see http/witness.ts.

import { inTransaction } from '@telltale/database';
import {
  type AddCheckpoint,
  type Checkpoint,
  checkConsistency,
  cosignCheckpoint,
  equalBytes,
  type NoteVerifier,
  openCheckpoint,
  parseAddCheckpoint,
  parseCheckpoint,
  parseNote,
  sha256,
  utf8,
} from '@telltale/ledger';
import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { ReceiverError } from '../errors.ts';
import {
  advanceWitnessedLog,
  dropSuspicion,
  type EvidenceKind,
  keepEvidence,
  lockWitnessedLog,
  type WitnessedLog,
} from '../store/witness-store.ts';
import type { WitnessIdentity } from './open-witness.ts';

/** Requests that wait for the one transaction. Past it they are refused for now. A guess: each holds at most one body. */
const MAX_WAITING = 64;

export interface WitnessContext {
  readonly pool: Pool;
  readonly identity: WitnessIdentity;
  readonly logs: readonly NoteVerifier[];
  readonly log: Pick<Logger, 'error' | 'warn'>;
  readonly nowUs: () => number;
}

export type AddCheckpointAnswer =
  /** Signature lines. */
  | { readonly kind: 'cosigned'; readonly lines: string }
  /** The checkpoint does not start from what was cosigned last, which has this size. */
  | { readonly kind: 'conflict'; readonly size: number };

/** What the transaction found. It commits in every case: evidence is kept of what is refused. */
type Outcome =
  | { readonly kind: 'consistent'; readonly timeS: number }
  | { readonly kind: 'conflict'; readonly size: number }
  | { readonly kind: 'inconsistent' };

interface Offer {
  readonly request: AddCheckpoint;
  readonly checkpoint: Checkpoint;
  /** What the log signed. */
  readonly text: string;
}

export class Witness {
  private readonly context: WitnessContext;
  /** One transaction at a time: requests that all wait for one log's row would take the connections that ingest needs. */
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(context: WitnessContext) {
    this.context = context;
  }

  /**
   * Answers the body of an add-checkpoint request. Throws ReceiverError `checkpoint-malformed`, `log-unknown`, `checkpoint-untrusted`,
   * `checkpoint-inconsistent`, `overloaded`. Whenever it throws, nothing was cosigned that the caller does not get again by asking again.
   */
  async addCheckpoint(body: string): Promise<AddCheckpointAnswer> {
    const offer = await this.open(body);
    if (this.waiting >= MAX_WAITING) throw new ReceiverError('overloaded', 'too many checkpoints wait; ask again soon');
    this.waiting++;
    const turn = this.last.then(() => this.decide(offer));
    // How a request ends is its own caller's business.
    this.last = turn.catch(() => undefined);
    const outcome = await turn.finally(() => {
      this.waiting--;
    });
    switch (outcome.kind) {
      case 'consistent':
        // A crash here has moved the log's state and given no cosignature: who asks again is told the new size (409), asks from there and
        // gets one, for this checkpoint or a larger one that extends it. A fork was shut out by the commit, not by the answer.
        return { kind: 'cosigned', lines: this.cosign(offer, outcome.timeS) };
      case 'conflict':
        return outcome;
      case 'inconsistent':
        throw new ReceiverError(
          'checkpoint-inconsistent',
          'the path does not show that the checkpoint extends the last one',
        );
      default:
        return outcome satisfies never;
    }
  }

  /** Everything that needs no memory, in the order that C2SP gives. */
  private async open(body: string): Promise<Offer> {
    const request = parseAddCheckpoint(body);
    if (!request.ok) throw new ReceiverError('checkpoint-malformed', request.message);
    const note = parseNote(request.value.checkpoint);
    if (!note.ok) throw new ReceiverError('checkpoint-malformed', note.message);
    const { text } = note.value;
    const checkpoint = parseCheckpoint(text);
    if (!checkpoint.ok) throw new ReceiverError('checkpoint-malformed', checkpoint.message);
    const { origin, size } = checkpoint.value;
    const verifiers = this.context.logs.filter((log) => log.name === origin);
    if (verifiers.length === 0) throw new ReceiverError('log-unknown', 'this witness does not know that log');
    const opened = await Promise.all(verifiers.map((verifier) => openCheckpoint(request.value.checkpoint, verifier)));
    if (!opened.some((one) => one.ok)) {
      throw new ReceiverError('checkpoint-untrusted', 'no signature of a key that this witness trusts for that log');
    }
    if (request.value.oldSize > size) {
      throw new ReceiverError('checkpoint-malformed', 'the old size is larger than the checkpoint');
    }
    return { request: request.value, checkpoint: checkpoint.value, text };
  }

  /**
   * Compares with what was cosigned last, and moves it. The row is locked from the comparison to the commit, so that of two requests the
   * second sees what the first one did. A crash before the COMMIT changes nothing; an unknown outcome of it is an error to the caller,
   * and no cosignature leaves.
   */
  private async decide(offer: Offer): Promise<Outcome> {
    const { checkpoint, text } = offer;
    const { origin, size, root } = checkpoint;
    return inTransaction(this.context.pool, { isolation: 'read committed' }, async (client): Promise<Outcome> => {
      const held = await lockWitnessedLog(client, origin);
      const verdict = compare(offer, held);
      if (verdict.evidence) await this.keep(client, { offer, held, kind: verdict.evidence });
      if (verdict.kind !== 'consistent') return verdict;
      // Taken under the lock: no larger checkpoint can have been cosigned before this time. A clock put back does not take it back.
      const timeS = Math.max(Math.floor(this.context.nowUs() / 1_000_000), held.cosignedAtS);
      await advanceWitnessedLog(client, {
        origin,
        size,
        root,
        checkpoint: offer.request.checkpoint,
        cosignedAtS: timeS,
      });
      await dropSuspicion(client, { origin, offeredHash: sha256(utf8(text)) });
      return { kind: 'consistent', timeS };
    });
  }

  private async keep(
    client: PoolClient,
    found: { offer: Offer; held: WitnessedLog; kind: EvidenceKind },
  ): Promise<void> {
    const { offer, held, kind } = found;
    const { origin, size } = offer.checkpoint;
    if (held.checkpoint === undefined) return;
    const isNew = await keepEvidence(client, {
      origin,
      kind,
      offeredHash: sha256(utf8(offer.text)),
      held: held.checkpoint,
      offered: offer.request.checkpoint,
      seenAtUs: this.context.nowUs(),
    });
    if (!isNew) return;
    const fields = { origin, kind, heldSize: held.size, offeredSize: size };
    if (kind === 'fork') this.context.log.error(fields, 'a log signed two histories, both are kept as evidence');
    else this.context.log.warn(fields, 'a checkpoint that does not extend the last one was refused and kept');
  }

  private cosign({ text }: Offer, timeS: number): string {
    const { name, key, sign } = this.context.identity;
    return cosignCheckpoint({ checkpointText: text, timeS, name, spki: key.spki, sign });
  }
}

type Verdict =
  | { readonly kind: 'consistent'; readonly evidence?: undefined }
  | { readonly kind: 'conflict'; readonly size: number; readonly evidence?: EvidenceKind }
  | { readonly kind: 'inconsistent'; readonly evidence: EvidenceKind };

/** What C2SP tlog-witness asks, and what the log's own signature makes of a refusal. */
function compare({ request, checkpoint }: Offer, held: WitnessedLog): Verdict {
  const { size, root } = checkpoint;
  if (size < held.size) return { kind: 'conflict', size: held.size, evidence: 'rollback' };
  if (size === held.size && !equalBytes(root, held.root)) return { kind: 'conflict', size, evidence: 'fork' };
  if (request.oldSize !== held.size) return { kind: 'conflict', size: held.size };
  const { path } = request;
  const isConsistent = checkConsistency({ fromSize: held.size, fromRoot: held.root, toSize: size, toRoot: root, path });
  return isConsistent ? { kind: 'consistent' } : { kind: 'inconsistent', evidence: 'unproven' };
}
