// Brings this ledger's sealed blocks to the ring: body first, then the record that names it, both on a majority of their replicas. Several
// blocks are under way at once, as a put waits for other machines' disks; the cursor passes them in order.
// Crash at any point: what is above the cursor is put again, with the same bytes under the same keys.
// Nothing is put while the ring has another chain of this ledger: see other-chain.ts.

import { setTimeout as delay } from 'node:timers/promises';
import { sha256 } from '@telltale/ledger';
import type { BlockReader, LedgerIdentity, PluginLog, SealedBlock } from '@telltale/plugin';
import type { Ring, Stored } from '../node/ring.ts';
import { blockRecord } from '../replication/block-statement.ts';
import { laneRecord } from '../replication/lane-statement.ts';
import { rawKeyOf } from '../replication/raw-key.ts';
import { signRecord } from '../replication/signed-record.ts';
import type { Standing } from '../ring-seat.ts';
import { BodyMaker } from './body-maker.ts';
import type { LaneCursorStore, LanePosition } from './lane-cursor-store.ts';
import { chainInRing } from './other-chain.ts';

/** Blocks under way at once: as many puts as the node runs at once (ring-node.ts). */
const WINDOW_BLOCKS = 8;
/** Bytes of bodies under way at once, one more block at most: one of the longest. */
const WINDOW_BYTES = 64 * 2 ** 20;
/** Between two tries of a put: the first, doubled up to the greatest. Guesses: each put has already waited for a changing ring. */
const RETRY_MS = 500;
const RETRY_MOST_MS = 15_000;
/** How often the ring is looked at while this node is no member, and the database while another receiver writes. A guess. */
const POLL_MS = 200;
/** Whoever waits for replicas is told no after so long outside of the ring in one go, and comes again. A guess: longer than a join takes. */
const OUTSIDE_MS = 5_000;

export interface LaneWriterOptions {
  readonly ring: Pick<Ring, 'putValue' | 'putRecord' | 'getRecords'>;
  readonly ledger: LedgerIdentity;
  readonly blocks: BlockReader;
  readonly cursor: LaneCursorStore;
  readonly log: PluginLog;
  readonly standing: () => Standing;
}

/** What metrics and GET /v1/ring say of the writer. */
export interface LaneCounts {
  /** The first block that is not known to be on a majority of its replicas. */
  readonly nextBlock: number;
  readonly failedPuts: number;
  readonly skippedBlocks: number;
  /** Records of this lane that contradict what the ring has of it. */
  readonly conflicts: number;
}

/** A block whose puts are under way. */
interface Passage {
  readonly block: SealedBlock;
  readonly sizeBytes: number;
  isDone: boolean;
}

export class LaneWriter {
  private readonly options: LaneWriterOptions;
  private readonly bodies: BodyMaker;
  private readonly owner: Uint8Array;
  private readonly stopping = new AbortController();
  /** What the database's cursor says, as far as this receiver knows. */
  private position: LanePosition;
  /** Index of the block that is taken next. */
  private next: number;
  private readonly passages: Passage[] = [];
  private readonly wakeUps = new Set<() => void>();
  private advancing: Promise<void> = Promise.resolve();
  private introduction: Promise<void> | undefined;
  private counted = { failedPuts: 0, skippedBlocks: 0, conflicts: 0 };
  private isFailing = false;
  /** What the ring has of this lane, as its first block of this start has shown. */
  private chain: 'not asked' | 'own' | 'another' = 'not asked';

  /** `position`: of the cursor. */
  constructor(options: LaneWriterOptions, position: LanePosition) {
    this.options = options;
    this.bodies = new BodyMaker(options.blocks);
    this.owner = rawKeyOf(options.ledger.publicKey);
    this.position = position;
    this.next = position.nextBlock;
  }

  counts(): LaneCounts {
    return { nextBlock: this.position.nextBlock, ...this.counted };
  }

  /** This receiver writes now, and another one may have written until now. Rejects with what the database throws. */
  async resume(): Promise<void> {
    this.look(await this.options.cursor.read());
    if (this.passages.length === 0) this.next = Math.max(this.next, this.position.nextBlock);
  }

  /** Takes a block; resolves when the next may come, and when the writer stops. Rejects with what the database throws: then nothing was taken. */
  async take(block: SealedBlock): Promise<void> {
    if (!(await this.until(() => this.options.standing() === 'member')) || block.blockIndex < this.next) return;
    if (this.chain === 'not asked') await this.findChain(block.blockIndex);
    // Until the stop: a start on the right database ends it.
    if (!(await this.until(() => this.chain === 'own'))) return;
    const body = await this.bodies.make(block);
    const sizeBytes = body?.length ?? 0;
    if (!(await this.until(() => this.hasRoom(sizeBytes)))) return;
    const passage: Passage = { block, sizeBytes, isDone: false };
    this.passages.push(passage);
    this.next = block.blockIndex + 1;
    void this.bring(passage, body);
  }

  /** Whether a majority of replicas has the blocks of these leaves, within the time; false sooner where there is no ring. */
  async untilReplicated(leafIndexes: readonly number[], timeoutMs: number): Promise<boolean> {
    const end = Math.max(...leafIndexes) + 1;
    const endsAtMs = performance.now() + timeoutMs;
    let insideAtMs = performance.now();
    for (;;) {
      const standing = this.options.standing();
      // Another receiver of this database may be the one that writes.
      if (this.position.logSize < end && standing !== 'member') this.look(await this.options.cursor.read());
      if (this.position.logSize >= end) break;
      const nowMs = performance.now();
      if (standing !== 'outside') insideAtMs = nowMs;
      const leftMs = Math.min(endsAtMs, insideAtMs + OUTSIDE_MS) - nowMs;
      if (leftMs <= 0 || this.chain === 'another' || this.stopping.signal.aborted) return false;
      await this.wakeUp(Math.min(POLL_MS, leftMs));
    }
    return !(await this.options.cursor.areSkipped(leafIndexes));
  }

  /** Gives up what is under way: it comes again at the next start. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wakeAll();
    await this.advancing;
  }

  private hasRoom(sizeBytes: number): boolean {
    const bytes = this.passages.reduce((sum, passage) => sum + passage.sizeBytes, sizeBytes);
    return this.passages.length === 0 || (this.passages.length < WINDOW_BLOCKS && bytes <= WINDOW_BYTES);
  }

  /** Asks the ring, until it can tell, whether the blocks from `height` on go on the chain that it has. Each start asks once, before its first put. */
  private async findChain(height: number): Promise<void> {
    const { ring, ledger, blocks, log } = this.options;
    while (!this.stopping.signal.aborted) {
      const found = await chainInRing({ ring, blocks, lane: ledger.lane, height });
      if (found === 'unavailable') {
        await this.wakeUp(RETRY_MS);
        continue;
      }
      this.chain = found;
      if (found === 'own') return;
      this.counted.conflicts++;
      const message =
        'the ring has another chain of this ledger’s key, so nothing of this one is put there: stop this receiver, and recover that chain into an empty database (telltale recover)';
      log.error({ blockIndex: height }, message);
      this.wakeAll();
      return;
    }
  }

  /** Never rejects. */
  private async bring(passage: Passage, body: Uint8Array | undefined): Promise<void> {
    const { block } = passage;
    const { signal } = this.stopping;
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        if (body) await this.put(block, body);
        else await this.skip(block);
        passage.isDone = true;
        this.advancing = this.advancing.then(() => this.advance());
        return;
      } catch (err) {
        this.counted.failedPuts++;
        if (!this.isFailing) this.options.log.warn({ err, blockIndex: block.blockIndex }, 'block not in the ring yet');
        this.isFailing = true;
        const pauseMs = Math.min(RETRY_MOST_MS, RETRY_MS * 2 ** Math.min(tries, 20));
        // Aborted by stop alone.
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async put(block: SealedBlock, body: Uint8Array): Promise<void> {
    const { ring, ledger, log } = this.options;
    const { lane, signText } = ledger;
    const { blockIndex: height, hash: headerHash } = block;
    this.introduction ??= this.introduce();
    await this.introduction;
    mustBeStored(await ring.putValue(body));
    const statement = { lane, height, headerHash, bodyHash: sha256(body), bodyBytes: body.length };
    const { outcome } = await ring.putRecord(signRecord(blockRecord(this.owner, statement), signText));
    if (outcome === 'failed') throw new Error('too few replicas keep the record');
    if (outcome === 'superseded') {
      // Two other statements of this very lane about the same height are kept as evidence. Trying again would change nothing.
      this.counted.conflicts++;
      log.error({ blockIndex: height }, 'the ring has other blocks of this lane at the same height');
    }
  }

  /** Says once a start what this ledger is called, so that others can check its blocks. */
  private async introduce(): Promise<void> {
    const { ring, ledger } = this.options;
    try {
      mustBeStored(await ring.putRecord(signRecord(laneRecord(this.owner, ledger), ledger.signText)));
    } catch (error) {
      this.introduction = undefined;
      throw error;
    }
  }

  private async skip(block: SealedBlock): Promise<void> {
    const { blockIndex, leaves } = block;
    await this.options.cursor.skip(block);
    this.counted.skippedBlocks++;
    const message = 'block is longer than the ring takes and is kept nowhere else: lower TRANSACTIONS_PER_BLOCK';
    this.options.log.error({ blockIndex, leaves: leaves.length }, message);
  }

  /** Moves the cursor over what is done. Never rejects: the next one that is done moves it too, or the blocks come again at the next start. */
  private async advance(): Promise<void> {
    if (this.stopping.signal.aborted) return;
    const open = this.passages.findIndex((passage) => !passage.isDone);
    const done = this.passages.slice(0, open < 0 ? this.passages.length : open);
    const last = done.at(-1)?.block;
    if (!last) return;
    const position = { nextBlock: last.blockIndex + 1, logSize: last.logSize };
    try {
      await this.options.cursor.advance(position);
    } catch (err) {
      this.options.log.warn({ err }, 'lane cursor not moved');
      await delay(RETRY_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      if (!this.stopping.signal.aborted) this.advancing = this.advancing.then(() => this.advance());
      return;
    }
    this.passages.splice(0, done.length);
    if (this.isFailing) this.options.log.info({ blockIndex: last.blockIndex }, 'blocks reach the ring again');
    this.isFailing = false;
    this.look(position);
    this.wakeAll();
  }

  private look({ nextBlock, logSize }: LanePosition): void {
    this.position = {
      nextBlock: Math.max(nextBlock, this.position.nextBlock),
      logSize: Math.max(logSize, this.position.logSize),
    };
  }

  /** False: the writer stops. */
  private async until(holds: () => boolean): Promise<boolean> {
    while (!this.stopping.signal.aborted && !holds()) await this.wakeUp(POLL_MS);
    return !this.stopping.signal.aborted;
  }

  /** Resolves at the next advance, at the stop, and after the time anyway. */
  private wakeUp(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.wakeUps.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      this.wakeUps.add(wake);
    });
  }

  private wakeAll(): void {
    for (const wake of this.wakeUps) wake();
  }
}

function mustBeStored({ outcome, receipts }: Stored): void {
  if (outcome === 'failed') throw new Error(`too few replicas keep it: ${receipts.length} receipts came`);
}
