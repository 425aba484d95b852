// The sealing loop: takes pending leaves, extends the log, mines blocks and persists them. One sealer a ledger, whatever the number of
// receivers. Everything it holds in memory is a copy of what the database says; on any doubt it is thrown away and read again.

import { inTransaction } from '@telltale/database';
import {
  decodeHeader,
  equalBytes,
  type Hash,
  headerHash,
  type Signer,
  signBlock,
  type Tile,
  type TileEdge,
  toHex,
} from '@telltale/ledger';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { accountDevices, catchUpDevices, type SealedReadings } from '../devices/account-devices.ts';
import { ReceiverError } from '../errors.ts';
import type { Publisher } from '../publish.ts';
import { appendBlocks, type Head, headOf, loadHead, loadHeadToExtend, type StoredBlock } from '../store/block-store.ts';
import { readCounter } from '../store/identity-store.ts';
import { ensurePartitions, needsPartition, readLeafPage } from '../store/leaf-store.ts';
import { holdsLease } from '../store/lease-store.ts';
import { insertTiles, loadEdge } from '../store/tile-store.ts';
import { type BatchRule, batch } from './batch-rule.ts';
import type { FreshLeaves } from './fresh-leaves.ts';
import { type HashedLeaf, hashLeaf } from './hashed-leaf.ts';
import { Lease } from './lease.ts';
import { Miner } from './miner.ts';
import { planRun } from './plan.ts';
import { MAX_RUN_BLOCKS, RunPace, type WaitingLeaves } from './run-pace.ts';

export interface SealerContext {
  readonly pool: Pool;
  readonly ledger: { readonly origin: string; readonly lane: Uint8Array; readonly sign: Signer };
  readonly rule: BatchRule;
  readonly difficultyBits: number;
  readonly nonceLimit: number;
  readonly publisher: Publisher;
  readonly fresh: FreshLeaves;
  readonly log: Pick<Logger, 'info' | 'error'>;
  readonly nowUs: () => number;
}

/** How often the database is asked when nobody nudges: for what other receivers did, and what is due by then. A guess: unnoticed by people. */
const POLL_MS = 500;
/** Pause after a failure, so that a database that is away is not hammered. A guess. */
const RETRY_MS = 1_000;
/** A run ends after this long: readings become blocks no later for being mined together. A guess. */
const RUN_BUDGET_MS = 100;
/** Pending leaves at which no more are taken into memory, unless one block needs more: about 400 bytes each. A guess. */
export const PENDING_WINDOW = 16_384;

/** What the loop builds on. Owned by the loop alone. */
interface Base {
  readonly head: Head;
  readonly edge: TileEdge;
  /** The leaves from the head's log_size on, as far as they were read. */
  readonly pending: HashedLeaf[];
}

export class Sealer {
  private readonly context: SealerContext;
  private readonly miner = new Miner();
  private readonly lease: Lease;
  private readonly pace: RunPace;
  private readonly stopping = new AbortController();
  private base: Base | undefined;
  private failure: string | undefined;
  private wake: (() => void) | undefined;
  private isNudged = false;
  private running: Promise<void> = Promise.resolve();

  constructor(context: SealerContext) {
    this.context = context;
    this.pace = new RunPace(context.rule.transactionsPerBlock);
    this.lease = new Lease(context.pool, (error) => this.note(error));
  }

  start(): void {
    this.running = this.run();
  }

  /** Whether this receiver seals now, as far as it knows. Nothing may depend on there being one such receiver only. */
  get isSealing(): boolean {
    return this.lease.isHeld;
  }

  /** Whether its last turn failed. */
  get isFailing(): boolean {
    return this.failure !== undefined;
  }

  /** Says that readings were accepted, or that somebody waits. A hint only: polling finds them too. */
  nudge(): void {
    if (!this.lease.isHeld || this.restMs() > 0 || !this.pace.mayFillBlock(this.waiting)) return;
    this.isNudged = true;
    this.wake?.();
  }

  /** Ends the loop, gives the lease up and ends the miner. A run under way is thrown away: its leaves stay pending. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.isNudged = true;
    this.wake?.();
    await this.running;
    await this.miner.stop();
    await this.lease.release().catch((error: unknown) => this.note(error));
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      let pauseMs: number;
      try {
        pauseMs = await this.step();
        this.note(undefined);
      } catch (error) {
        this.base = undefined;
        this.note(error);
        pauseMs = RETRY_MS;
      }
      if (pauseMs > 0) await this.pause(pauseMs);
    }
  }

  /** One turn: seals what is due. Gives how long to wait for the next, in milliseconds. */
  private async step(): Promise<number> {
    const { pool, publisher, rule, nowUs } = this.context;
    const restMs = this.restMs();
    if (restMs > 0) return restMs;
    const held = await this.lease.hold();
    if (!held) {
      this.base = undefined;
      publisher.publish(await loadHead(pool));
      return POLL_MS;
    }
    this.base ??= await this.loadBase();
    await this.readPending(this.base);
    const { sizes, dueAtUs } = batch(this.base.pending, { ...rule, nowUs: nowUs(), maxBlocks: MAX_RUN_BLOCKS });
    if (sizes.length === 0) {
      return dueAtUs === undefined ? POLL_MS : Math.min(POLL_MS, Math.max(1, (dueAtUs - nowUs()) / 1000));
    }
    this.pace.begin(nowUs());
    this.base = await this.seal(this.base, { sizes, ...held });
    return 0;
  }

  /** How long readings may gather until the next run, in milliseconds. */
  private restMs(): number {
    const { publisher, nowUs } = this.context;
    return this.pace.restMs({ nowUs: nowUs(), ...this.waiting, isAwaited: publisher.isAwaited });
  }

  private get waiting(): WaitingLeaves {
    return { seenLeaves: this.base?.pending.length ?? 0, freshLeaves: this.context.fresh.count };
  }

  /** Start-up, takeover, or after a doubt: the newest block and the right edge of its log, which must fit each other. */
  private async loadBase(): Promise<Base> {
    const { pool, publisher } = this.context;
    const head = await loadHeadToExtend(pool);
    // Never a second block at an index that was sealed already: that would be evidence against this ledger.
    if (!head || head.header.index < publisher.head.header.index) {
      throw new ReceiverError(
        'edge-mismatch',
        'the newest block is not the one that was sealed last: the database was altered',
      );
    }
    const edge = await loadEdge(pool, head.header.logSize);
    if (!equalBytes(edge.root(), head.header.logRoot)) {
      const message =
        'the stored leaves do not give the log root of the newest block: the database was altered; see /validate_chain';
      throw new ReceiverError('edge-mismatch', message);
    }
    await this.preparePartitions();
    await catchUpDevices(pool, head.header.logSize);
    publisher.publish(head);
    return { head, edge, pending: [] };
  }

  /** Leaves behind the window stay where they are, in memory or in the database: however far the sealer falls behind, it holds no more. */
  private async readPending({ head, pending }: Base): Promise<void> {
    const window = Math.max(PENDING_WINDOW, 2 * this.context.rule.transactionsPerBlock);
    if (pending.length >= window) return;
    const fresh = this.context.fresh.takeFrom(head.header.logSize + pending.length);
    for (const leaf of fresh) pending.push(leaf);
    // What others accepted behind them is found at the next turn.
    while (fresh.length === 0 && pending.length < window) {
      const start = head.header.logSize + pending.length;
      const page = await readLeafPage(this.context.pool, { start, end: Number.MAX_SAFE_INTEGER });
      if (page.length === 0) break;
      for (const [i, stored] of page.entries()) {
        if (stored.leafIndex !== start + i) throw new ReceiverError('edge-mismatch', `leaf ${start + i} is missing`);
        pending.push(hashLeaf(stored));
      }
    }
  }

  /** Mines with no transaction open, then persists in one. */
  private async seal(base: Base, run: { sizes: readonly number[]; token: bigint; lost: AbortSignal }): Promise<Base> {
    const { ledger, nonceLimit, nowUs } = this.context;
    const { header, hash } = base.head;
    const startedAtUs = nowUs();
    const whole = planRun(base, run.sizes);
    // A crash while mining loses only the work: the leaves are durable and pending, and the next sealer plans them again.
    const headers = await this.miner.mine(
      {
        parent: { index: header.index, hash, timestampUs: header.timestampUs },
        lane: ledger.lane,
        difficultyBits: Math.max(this.context.difficultyBits, header.difficultyBits),
        nonceLimit,
        blocks: whole.targets,
        budgetMs: RUN_BUDGET_MS,
      },
      AbortSignal.any([this.stopping.signal, run.lost]),
    );
    if (headers.length === 0) return base;
    const plan = headers.length === whole.sizes.length ? whole : planRun(base, whole.sizes.slice(0, headers.length));
    const blocks = headers.map((bytes) => this.sign(bytes));
    const sealed = plan.sizes.reduce((sum, size) => sum + size, 0);
    const readings = base.pending.slice(0, sealed).flatMap(({ reading }) => reading ?? []);
    const devices = { from: header.logSize, to: header.logSize + sealed, readings };
    await this.persist({ parent: hash, blocks, tiles: plan.tiles, devices, token: run.token });
    base.pending.splice(0, sealed);
    const next = { head: headOf(blocks), edge: plan.edge, pending: base.pending };
    // A crash before this line has sealed the blocks all the same: start-up loads the head and publishes it.
    this.context.publisher.publish(next.head);
    this.report({ blocks, readings: readings.length, durationMs: Math.round((nowUs() - startedAtUs) / 1000) });
    if (needsPartition({ before: header.logSize, after: next.head.header.logSize })) await this.preparePartitions();
    return next;
  }

  private sign(header: Uint8Array): StoredBlock {
    const { origin, sign } = this.context.ledger;
    const hash = headerHash(header);
    const decoded = decodeHeader(header);
    if (!decoded.ok) throw new Error(`the miner gave no header: ${decoded.message}`);
    const { index: blockIndex, logSize } = decoded.value;
    return { blockIndex, hash, logSize, header, signature: signBlock({ origin, hash, sign }) };
  }

  /**
   * Blocks, tiles and the account of devices, all or nothing, only on the head that they were mined on and only with the newest lease.
   * A crash before COMMIT leaves the leaves pending and the chain as it was; a crash after it leaves the blocks sealed and unpublished,
   * and start-up publishes them. If the answer to COMMIT is lost, the loop throws its base away and reads which of the two it was.
   */
  private async persist(run: {
    parent: Hash;
    blocks: readonly StoredBlock[];
    tiles: readonly Tile[];
    devices: SealedReadings;
    token: bigint;
  }): Promise<void> {
    await inTransaction(this.context.pool, { isolation: 'read committed' }, async (client) => {
      if (!(await holdsLease(client, run.token))) throw new ReceiverError('head-moved', 'another receiver seals now');
      const isAppended = await appendBlocks(client, run);
      if (!isAppended) throw new ReceiverError('head-moved', 'another block was sealed meanwhile');
      await insertTiles(client, run.tiles);
      await accountDevices(client, run.devices);
    });
  }

  /** Here, because every new sealer comes by: the partition ahead is made long before the log reaches it. */
  private async preparePartitions(): Promise<void> {
    await inTransaction(this.context.pool, { isolation: 'read committed' }, async (client) =>
      ensurePartitions(client, (await readCounter(client)).nextLeafIndex),
    );
  }

  /** One line a run: where there are a thousand blocks a second, a line for each would fill the pipe of whoever reads them, and wait for it. */
  private report({ blocks, ...of }: { blocks: readonly StoredBlock[]; readings: number; durationMs: number }): void {
    const newest = blocks.at(-1);
    if (!newest) return;
    const fields = { blockIndex: newest.blockIndex, hash: toHex(newest.hash), ...of };
    if (blocks.length === 1) this.context.log.info(fields, 'block sealed');
    else this.context.log.info({ firstBlockIndex: blocks[0]?.blockIndex, ...fields }, 'blocks sealed');
  }

  /** Says once that sealing fails, and once that it goes on. */
  private note(error: unknown): void {
    const failure = error === undefined ? undefined : error instanceof Error ? error.message : String(error);
    if (failure === this.failure || this.stopping.signal.aborted) return;
    this.failure = failure;
    if (failure === undefined) this.context.log.info({}, 'sealing goes on');
    else this.context.log.error({ err: error }, 'sealing failed, it is tried again');
  }

  private async pause(pauseMs: number): Promise<void> {
    if (!this.isNudged) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pauseMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wake = undefined;
    }
    this.isNudged = false;
  }
}
