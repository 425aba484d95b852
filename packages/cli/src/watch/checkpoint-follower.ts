// Follows the checkpoints of a log: each must be signed by its key and continue the newest one seen. Source: C2SP tlog-checkpoint; RFC 6962
// section 2.1.2.

import {
  type Checkpoint,
  checkConsistency,
  equalBytes,
  type NoteVerifier,
  openCheckpoint,
  toHex,
} from '@telltale/ledger';
import { type ReceiverClient, RefusedError } from '../receiver-client.ts';
import type { WatchFault } from './watch-fault.ts';

interface SeenCheckpoint {
  readonly note: string;
  readonly checkpoint: Checkpoint;
}

/**
 * `older`: the receiver shows a smaller log than it signed before and does not prove that it is its beginning. One receiver of several may
 * be a moment behind, so whoever asks looks again before calling it a rollback.
 */
export type Followed =
  | { readonly kind: 'newest' | 'behind' }
  | { readonly kind: 'older' | 'fault'; readonly fault: WatchFault };

export class CheckpointFollower {
  private readonly client: ReceiverClient;
  private readonly verifier: NoteVerifier;
  private newest: SeenCheckpoint | undefined;

  constructor(at: { client: ReceiverClient; verifier: NoteVerifier; newest?: SeenCheckpoint }) {
    this.client = at.client;
    this.verifier = at.verifier;
    this.newest = at.newest;
  }

  get seen(): SeenCheckpoint | undefined {
    return this.newest;
  }

  /** Judges a note that the receiver shows. Throws CliError when the receiver does not answer, or does not prove a larger log. */
  async follow(note: string): Promise<Followed> {
    const opened = await openCheckpoint(note, this.verifier);
    if (!opened.ok) {
      const message = `the checkpoint is not one of ${this.verifier.name}: ${opened.message}`;
      return fault({ code: opened.code, message, evidence: { second: note } });
    }
    const shown = { note, checkpoint: opened.value };
    const { newest } = this;
    if (!newest) {
      this.newest = shown;
      return { kind: 'newest' };
    }
    const { size } = shown.checkpoint;
    if (size === newest.checkpoint.size) return this.same(newest, shown);
    return size > newest.checkpoint.size ? this.larger(newest, shown) : this.smaller(newest, shown);
  }

  private same(newest: SeenCheckpoint, shown: SeenCheckpoint): Followed {
    if (equalBytes(newest.checkpoint.root, shown.checkpoint.root)) return { kind: 'newest' };
    const message = `the ledger signed two checkpoints of ${shown.checkpoint.size} transactions with different roots: it tells different histories to different people, or rewrote its own`;
    return fault({ code: 'two-checkpoints', message, evidence: { first: newest.note, second: shown.note } });
  }

  private async larger(newest: SeenCheckpoint, shown: SeenCheckpoint): Promise<Followed> {
    const wrong = await this.growthFault(newest, shown);
    if (wrong) return fault(wrong);
    this.newest = shown;
    return { kind: 'newest' };
  }

  private async smaller(newest: SeenCheckpoint, shown: SeenCheckpoint): Promise<Followed> {
    const { size } = shown.checkpoint;
    const rollback: WatchFault = {
      code: 'rollback',
      message: `the ledger shows ${size} transactions after it signed ${newest.checkpoint.size}: its end was taken away`,
      evidence: { first: newest.note, second: shown.note },
    };
    // The empty log begins every log, so no path could show that this one is not a later, shorter history.
    if (size === 0) return { kind: 'older', fault: rollback };
    try {
      const wrong = await this.growthFault(shown, newest);
      return wrong ? fault(wrong) : { kind: 'behind' };
    } catch (error) {
      if (error instanceof RefusedError && error.status < 500) return { kind: 'older', fault: rollback };
      throw error;
    }
  }

  private async growthFault(from: SeenCheckpoint, to: SeenCheckpoint): Promise<WatchFault | undefined> {
    const { size: fromSize, root: fromRoot } = from.checkpoint;
    const { size: toSize, root: toRoot } = to.checkpoint;
    const path = fromSize === 0 ? [] : await this.client.consistency({ from: fromSize, to: toSize });
    if (checkConsistency({ fromSize, toSize, fromRoot, toRoot, path })) return undefined;
    return {
      code: 'two-histories',
      message: `history was rewritten: the log of ${toSize} transactions does not begin with the log of ${fromSize} that the ledger signed before`,
      evidence: { first: from.note, second: to.note, path: path.map(toHex) },
    };
  }
}

function fault(found: WatchFault): Followed {
  return { kind: 'fault', fault: found };
}
