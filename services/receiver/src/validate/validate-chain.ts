// The whole ledger recomputed from its stored bytes, in one snapshot: the chain by the ledger's own verifier, and every column that
// repeats something of it. Names the first block and leaf that is wrong. It trusts no cache and nothing that the service holds in memory
// but the ledger's own identity.

import { inTransaction } from '@telltale/database';
import {
  type Block,
  type ChainFault,
  type ChainSummary,
  ChainVerifier,
  decodeHeader,
  equalBytes,
  headerHash,
  type PublicKey,
  type SignatureChecker,
  type VerifiedLeaf,
} from '@telltale/ledger';
import pg, { type Pool, type PoolClient } from 'pg';
import { readBlocks, type StoredBlock } from '../store/block-store.ts';
import { LeafReader } from '../store/leaf-reader.ts';
import { prepareLongTransaction } from '../store/long-transaction-store.ts';
import { DerivedTables } from './derived-tables.ts';

export interface ValidationReport extends ChainSummary {
  /** Leaves that are accepted and not in a block yet; they are checked too. */
  readonly pending: number;
  /** Absent: the ledger is sound. */
  readonly fault?: ChainFault;
}

/** `checker` checks the signatures; absent: each key's own verifier does. */
export interface ValidationRun {
  readonly ledger: { readonly origin: string; readonly key: PublicKey };
  readonly signal: AbortSignal;
  readonly checker?: SignatureChecker;
}

/**
 * Validates everything in one REPEATABLE READ snapshot. Ingest and sealing go on meanwhile. Once `signal` aborts it rejects with the
 * signal's reason: the connection is ended, and a query in progress with it. It rejects, too, when a signature could not be checked.
 */
export async function validateChain(pool: Pool, run: ValidationRun): Promise<ValidationReport> {
  const { signal } = run;
  signal.throwIfAborted();
  try {
    return await inTransaction(pool, { isolation: 'repeatable read', isReadOnly: true }, async (client) => {
      const stopWatching = endOnAbort(client, signal);
      try {
        await prepareLongTransaction(client);
        const validation = new Validation(client, run);
        const fault = await validation.run();
        const summary = validation.verifier.summary();
        const pending = summary.leaves - (summary.head?.logSize ?? 0);
        return { ...summary, pending, ...(fault && { fault }) };
      } finally {
        stopWatching();
      }
    });
  } catch (error) {
    // What a query says of the connection that was ended under it is not why this ends.
    signal.throwIfAborted();
    throw error;
  }
}

/** Ends the connection once `signal` aborts: a query in progress fails, and so does every later one. Gives what ends the watch. */
function endOnAbort(client: PoolClient, signal: AbortSignal): () => void {
  // A pool's client is a whole one, whatever its type shows.
  const end = () => void (client instanceof pg.Client && client.end());
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  return () => signal.removeEventListener('abort', end);
}

class Validation {
  readonly verifier: ChainVerifier;
  private readonly client: PoolClient;
  private readonly signal: AbortSignal;
  private readonly derived: DerivedTables;
  /** Leaves of the block under way, as the verifier saw them. */
  private seen: VerifiedLeaf[] = [];

  constructor(client: PoolClient, { ledger, signal, checker }: ValidationRun) {
    this.client = client;
    this.signal = signal;
    this.verifier = new ChainVerifier({
      ...ledger,
      onLeaf: (leaf) => this.seen.push(leaf),
      ...(checker && { checker }),
    });
    this.derived = new DerivedTables(client, ledger);
  }

  async run(): Promise<ChainFault | undefined> {
    const identity = await this.derived.identityFault();
    if (identity) return identity;
    const leaves = new LeafReader(this.client);
    let expected = 0;
    for await (const stored of readBlocks(this.client, { start: 0, end: Number.MAX_SAFE_INTEGER })) {
      const fault = await this.checkBlock({ stored, leaves, expected });
      if (fault) return fault;
      expected++;
    }
    return (await this.checkPending(leaves)) ?? (await this.verifier.settle()) ?? (await this.checkDerived());
  }

  private async checkBlock(at: {
    stored: StoredBlock;
    leaves: LeafReader;
    expected: number;
  }): Promise<ChainFault | undefined> {
    this.signal.throwIfAborted();
    const { stored, leaves, expected: blockIndex } = at;
    const wrong = columnFault(stored, blockIndex);
    if (wrong) return this.earliest({ ...wrong, blockIndex });
    const taken = await leaves.take(stored.logSize);
    if (taken.missing !== undefined) {
      const message = `leaf ${taken.missing} is missing`;
      return this.earliest({ code: 'leaf-missing', message, blockIndex, leafIndex: taken.missing });
    }
    const { header, signature } = stored;
    const block: Block = { header, signature, leaves: taken.leaves };
    this.seen = [];
    const fault = await this.verifier.addBlock(block);
    if (fault) return this.locate(fault);
    const derived = await this.derived.take(this.seen, 'sealed');
    return derived && this.earliest({ ...derived, blockIndex });
  }

  private async checkPending(leaves: LeafReader): Promise<ChainFault | undefined> {
    for (;;) {
      this.signal.throwIfAborted();
      const taken = await leaves.takePage();
      if (taken.missing !== undefined) {
        const message = `leaf ${taken.missing} is missing`;
        return this.earliest({ code: 'leaf-missing', message, leafIndex: taken.missing });
      }
      if (taken.leaves.length === 0) return undefined;
      this.seen = [];
      for (const leaf of taken.leaves) {
        const fault = await this.verifier.addPending(leaf);
        if (fault) return this.locate(fault);
      }
      const derived = await this.derived.take(this.seen, 'pending');
      if (derived) return this.earliest(derived);
    }
  }

  private checkDerived(): Promise<ChainFault | undefined> {
    return this.derived.finish(this.verifier.registry, this.verifier.summary().head);
  }

  /** A signature under way may belong to an earlier leaf than this fault. */
  private async earliest(fault: ChainFault): Promise<ChainFault> {
    return (await this.verifier.settle()) ?? fault;
  }

  /**
   * A fault can show behind the leaf that was altered: a wrong root names none, and the reading after a first use is refused when that
   * names another device. What is kept of each transaction remembers what its leaf was.
   */
  private async locate(fault: ChainFault): Promise<ChainFault> {
    const end = fault.code === 'log-root' ? Number.POSITIVE_INFINITY : (fault.leafIndex ?? 0);
    for (const leaf of this.seen) {
      if (leaf.leafIndex >= end) break;
      if (await this.derived.holdsTransaction(leaf)) continue;
      const { leafIndex } = leaf;
      return { ...fault, message: `${fault.message}: leaf ${leafIndex} is not what it was`, leafIndex };
    }
    return fault;
  }
}

function columnFault(stored: StoredBlock, expected: number): { code: string; message: string } | undefined {
  if (stored.blockIndex !== expected) return { code: 'block-missing', message: `block ${expected} is missing` };
  if (!equalBytes(stored.hash, headerHash(stored.header))) {
    return { code: 'block-hash', message: 'the stored hash is not that of the header' };
  }
  const header = decodeHeader(stored.header);
  if (header.ok && header.value.logSize !== stored.logSize) {
    return { code: 'log-size', message: 'the stored log_size is not that of the header' };
  }
  return undefined;
}
