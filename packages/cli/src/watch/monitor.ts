// One look at a ledger after the other: its newest checkpoint and its new blocks must continue what was seen before.

import { type NoteVerifier, splitLines } from '@telltale/ledger';
import { CliError } from '../cli-error.ts';
import { type ReceiverClient, RefusedError } from '../receiver-client.ts';
import { BlockFollower, type ReadBlocks } from './block-follower.ts';
import { CheckpointFollower } from './checkpoint-follower.ts';
import type { WatchFault } from './watch-fault.ts';
import type { Seen } from './watch-state.ts';

/** `suspect`: less than was signed before, which a receiver that is a moment behind shows as well. */
export type Look =
  | { readonly kind: 'sound'; readonly isNew: boolean }
  | { readonly kind: 'suspect' | 'fault'; readonly fault: WatchFault };

export class Monitor {
  private readonly client: ReceiverClient;
  private readonly ledger: Pick<Seen, 'origin' | 'key'>;
  private readonly checkpoints: CheckpointFollower;
  private readonly blocks: BlockFollower;

  /** `newest`: the checkpoint of `seen`, opened. */
  constructor(at: {
    client: ReceiverClient;
    verifier: NoteVerifier;
    seen: Seen;
    newest: NonNullable<CheckpointFollower['seen']> | undefined;
  }) {
    const { client, verifier, seen, newest } = at;
    const { origin, key, head } = seen;
    this.client = client;
    this.ledger = { origin, key };
    this.checkpoints = new CheckpointFollower({ client, verifier, ...(newest && { newest }) });
    this.blocks = new BlockFollower({ origin, key, ...(head && { seen: head }) });
  }

  /** What the ledger has shown so far and what fits together; to be kept. */
  get seen(): Seen {
    const note = this.checkpoints.seen?.note;
    const head = this.blocks.newest;
    return { ...this.ledger, ...(note !== undefined && { checkpointNote: note }), ...(head && { head }) };
  }

  get counts(): { readings: number; blocks: number; transactions: number } {
    const { readings, blocks } = this.blocks;
    return { readings, blocks, transactions: this.checkpoints.seen?.checkpoint.size ?? 0 };
  }

  /** Looks once. Throws CliError when the receiver does not answer or does not prove what it shows. */
  async look(): Promise<Look> {
    const before = this.checkpoints.seen?.note;
    const shown = await this.checkpoints.follow(await this.client.checkpoint());
    if (shown.kind === 'fault') return { kind: 'fault', fault: shown.fault };
    if (shown.kind === 'older') return { kind: 'suspect', fault: shown.fault };
    const { head } = await this.client.ledger();
    if (this.blocks.isAt(head.hash)) return { kind: 'sound', isNew: this.checkpoints.seen?.note !== before };
    const read = await this.readOn();
    if (read.kind === 'fault') return { kind: 'fault', fault: read.fault };
    if (read.kind === 'fewer') return { kind: 'suspect', fault: read.fault };
    const end = await this.checkpoints.follow(read.note);
    if (end.kind === 'fault') return { kind: 'fault', fault: end.fault };
    // The blocks fit: only the checkpoint is older than one that was seen, as between two receivers of one ledger.
    if (end.kind === 'older') throw new CliError('unreachable', 'the export ends before the newest checkpoint');
    return { kind: 'sound', isNew: true };
  }

  private async readOn(): Promise<ReadBlocks> {
    const { blocks, client } = this;
    try {
      return await blocks.read(splitLines(client.export(`?from_block=${blocks.fromBlock}`)));
    } catch (error) {
      if (error instanceof RefusedError && error.reason === 'pending') return blocks.withoutNewest();
      throw error;
    }
  }
}
