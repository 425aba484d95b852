// Looks for a reading in the whole ring: in the bodies that this receiver keeps, then with all peers at once, each of which looks in its own ledger
// and in what it keeps. So a reading is found while the receiver that accepted it is gone.

import { asHash, decodeLeaf, equalBytes, type Hash, leafHash, toHex, transactionIdOf } from '@telltale/ledger';
import type { FoundReading, LedgerIdentity, ReadingQuery, ReadingReader } from '@telltale/plugin';
import { z } from 'zod';
import type { Message } from '../calls.ts';
import type { Ring } from '../node/ring.ts';
import type { NodeId } from '../node-id.ts';
import type { ReplicaStore } from '../replication/replica-store.ts';
import type { LaneReader } from './lane-reader.ts';

/** Peers that are asked at one time for one reading. A guess: a ring of 100 is asked in seven turns. */
const ASKED_AT_ONCE = 16;
/** Longer than a look-up takes, and short enough for two turns within the time that a query has. A guess: the transport's own time-out. */
const ASK_MS = 2_000;
/** Kept bodies that are looked into for one transaction: those whose index has the same first 8 bytes. A guess: more than one is an accident. */
const BODIES_LOOKED_INTO = 4;

/** What peers ask with, and what they answer. The leaf goes as bytes beside the answer. */
const ASK = 'lane.reading';
const ANSWER = 'lane.reading-found';
const askSchema = z.strictObject({ transaction_id: z.string().regex(/^[0-9a-f]{64}$/) });
const answerSchema = z.strictObject({
  place: z
    .strictObject({
      origin: z.string().min(1).max(255),
      leaf_index: z.int().min(0),
      sealing: z.strictObject({ block_index: z.int().min(0), sealed_at_us: z.int().min(0) }).nullable(),
    })
    .nullable(),
});

export interface ReadingSearchOptions {
  readonly ring: Pick<Ring, 'peers' | 'ask'>;
  readonly ledger: LedgerIdentity;
  readonly readings: ReadingReader;
  readonly store: ReplicaStore;
  readonly lanes: LaneReader;
}

export class ReadingSearch {
  private readonly options: ReadingSearchOptions;

  constructor(options: ReadingSearchOptions) {
    this.options = options;
  }

  /** The plugin's onQuery: what is not in this receiver's own ledger. Undefined: nobody who could be asked has it. */
  async find({ transactionId }: ReadingQuery, { signal }: { signal: AbortSignal }): Promise<FoundReading | undefined> {
    const kept = await this.findKept(transactionId);
    if (kept) return kept;
    const peers = [...this.options.ring.peers()];
    const found = Promise.withResolvers<FoundReading | undefined>();
    let isOver = false;
    const ask = async (): Promise<void> => {
      for (let peer = peers.pop(); peer !== undefined && !isOver && !signal.aborted; peer = peers.pop()) {
        const answer = await this.askPeer(peer, transactionId);
        if (answer) found.resolve(answer);
      }
    };
    const asking = Promise.all(Array.from({ length: ASKED_AT_ONCE }, ask)).then(() => found.resolve(undefined));
    const aborted = (): void => found.resolve(undefined);
    signal.addEventListener('abort', aborted);
    try {
      return await found.promise;
    } finally {
      isOver = true;
      signal.removeEventListener('abort', aborted);
      void asking;
    }
  }

  /** Answers `lane.reading` of peers. Rejects what is malformed: the transport refuses it then. */
  async answer(_from: NodeId, message: Message): Promise<Message> {
    const asked = message.t === ASK ? askSchema.safeParse(message.body) : undefined;
    if (!asked?.success) throw new Error('no such request');
    const transactionId = asHash(Uint8Array.from(Buffer.from(asked.data.transaction_id, 'hex')));
    const found = (await this.findOwn(transactionId)) ?? (await this.findKept(transactionId));
    if (!found) return { t: ANSWER, body: { place: null } };
    const { origin, leafIndex, leaf, sealing } = found;
    const sealed = sealing ? { block_index: sealing.blockIndex, sealed_at_us: sealing.sealedAtUs } : null;
    return { t: ANSWER, body: { place: { origin, leaf_index: leafIndex, sealing: sealed } }, bytes: leaf };
  }

  private async findOwn(transactionId: Hash): Promise<FoundReading | undefined> {
    const { readings, ledger } = this.options;
    const found = await readings.find(transactionId);
    return found && { origin: ledger.origin, ...found };
  }

  /** In the bodies of other lanes that this receiver keeps. */
  private async findKept(transactionId: Hash): Promise<FoundReading | undefined> {
    const { store } = this.options;
    for (const key of await store.valuesOfTransaction(transactionId, BODIES_LOOKED_INTO)) {
      const read = await store.perform({ kind: 'read', name: { type: 'value', key, id: key } });
      const found = read.kind === 'read' && read.bytes ? await this.lookInto(read.bytes, transactionId) : undefined;
      if (found) return found;
    }
    return undefined;
  }

  /** Any peer may hand over a value that looks like a body: only the lane's own signature makes it one. */
  private async lookInto(bytes: Uint8Array, transactionId: Hash): Promise<FoundReading | undefined> {
    const block = await this.options.lanes.check(bytes);
    if (typeof block === 'string') return undefined;
    const { leaves, previousLogSize, decodedHeader } = block.body;
    const at = leaves.findIndex((leaf) => isLeafOf(leaf, transactionId));
    const leaf = leaves[at];
    if (!leaf) return undefined;
    const { index: blockIndex, timestampUs: sealedAtUs } = decodedHeader;
    return { origin: block.origin, leafIndex: previousLogSize + at, leaf, sealing: { blockIndex, sealedAtUs } };
  }

  /** Undefined also for a peer that does not answer, or answers with something else. */
  private async askPeer(peer: NodeId, transactionId: Hash): Promise<FoundReading | undefined> {
    const message = { t: ASK, body: { transaction_id: toHex(transactionId) } };
    // Whoever cannot be asked cannot help; the others can.
    const reply = await this.options.ring.ask(peer, message, { timeoutMs: ASK_MS }).catch(() => undefined);
    const parsed = answerSchema.safeParse(reply?.body);
    if (reply?.t !== ANSWER || !parsed.success || !parsed.data.place) return undefined;
    const { origin, leaf_index: leafIndex, sealing } = parsed.data.place;
    const leaf = reply.bytes;
    if (!leaf || !isLeafOf(leaf, transactionId)) return undefined;
    const found = { origin, leafIndex, leaf };
    if (!sealing) return found;
    return { ...found, sealing: { blockIndex: sealing.block_index, sealedAtUs: sealing.sealed_at_us } };
  }
}

/** The id covers key and message, so a peer cannot pass one reading off as another. */
function isLeafOf(bytes: Uint8Array, transactionId: Hash): boolean {
  const leaf = decodeLeaf(bytes);
  return leaf.ok && equalBytes(transactionIdOf(leaf.value, leafHash(bytes)), transactionId);
}
