// An abstract-chunk-store 1.5 on the ring: fixed-length chunks by index, with callbacks. What stands where is in chunk-index.ts.
// Source: https://github.com/mafintosh/abstract-chunk-store; its whole test suite runs against this class.

import { randomBytes } from 'node:crypto';
import { MAX_ITEM_BYTES } from '../replication/stored-item.ts';
import { ChunkIndex, type ChunkOwner } from './chunk-index.ts';
import type { ChunkPlace } from './chunk-place.ts';
import { ChunkStoreError } from './chunk-store-error.ts';
import { OrderedWork } from './ordered-work.ts';

/** Puts and gets of one store that the place sees at once: as many reads as a ring node runs at once (node/ring-node.ts), which lets further ones wait. */
const MAX_UNDER_WAY = 16;
/** Bounds a record's name, which ends with up to 17 more characters (MAX_NAME_BYTES in replication/signed-record.ts is 256). A guess. */
const NAMESPACE = /^[\w.:-]{1,128}$/;
const NAMESPACE_BYTES = 16;

export interface RingChunkStoreOptions {
  /** A Ring, or localPlace() of one store. */
  readonly place: ChunkPlace;
  /** Who owns the chunks. The same owner and namespace find them again. */
  readonly owner: ChunkOwner;
  /** 1 to 128 letters, digits, `_`, `.`, `:` and `-`. By default random, so that the store begins empty; read it from the store to open it again. */
  readonly namespace?: string;
  /** Microseconds since the epoch. */
  readonly nowUs: () => number;
}

/** Bytes from the chunk's beginning; by default the whole chunk. */
export interface ChunkRange {
  readonly offset?: number;
  readonly length?: number;
}

export type DoneCallback = (error: Error | null) => void;
export type ChunkCallback = (error: Error | null, chunk?: Buffer) => void;

export class RingChunkStore {
  readonly chunkLength: number;
  readonly namespace: string;
  private readonly index: ChunkIndex;
  private readonly work = new OrderedWork(MAX_UNDER_WAY);
  /** A namespace that was given may hold chunks; a fresh one holds what this store put. */
  private mayHoldChunks: boolean;
  private isClosed = false;
  private destroyed: Promise<void> | undefined;

  /** `chunkLength`: bytes of every chunk, 1 to MAX_ITEM_BYTES. Throws RangeError for that or the namespace. */
  constructor(chunkLength: number, options: RingChunkStoreOptions) {
    if (!Number.isInteger(chunkLength) || chunkLength < 1 || chunkLength > MAX_ITEM_BYTES) {
      throw new RangeError(`chunkLength must be a whole number from 1 to ${MAX_ITEM_BYTES}`);
    }
    const { place, owner, nowUs, namespace = randomBytes(NAMESPACE_BYTES).toString('hex') } = options;
    if (!NAMESPACE.test(namespace)) throw new RangeError('namespace: 1 to 128 letters, digits, _ . : and -');
    const isFresh = options.namespace === undefined;
    this.chunkLength = chunkLength;
    this.namespace = namespace;
    this.mayHoldChunks = !isFresh;
    this.index = new ChunkIndex({ place, owner, namespace, isFresh, nowUs });
  }

  /**
   * Calls back once a majority of the replicas has the chunk: every get after that finds it, or a later put. Puts of one index happen in the
   * order of their calls. The bytes are copied before this returns. Without a callback a failure is silent.
   */
  put(index: number, chunk: Uint8Array, callback?: DoneCallback): void {
    settle(this.putChunk(index, chunk), callback);
  }

  /** Calls back with the chunk, or with its part; with `chunk-not-found` where nothing was put. */
  get(index: number, callback: ChunkCallback): void;
  get(index: number, range: ChunkRange | null | undefined, callback: ChunkCallback): void;
  get(index: number, ...rest: [ChunkCallback] | [ChunkRange | null | undefined, ChunkCallback]): void {
    const [range, callback] = rest.length === 1 ? [undefined, rest[0]] : rest;
    settle(this.getChunk(index, range ?? {}), callback);
  }

  /** Waits for the puts and gets under way; later ones fail. The chunks stay. */
  close(callback?: DoneCallback): void {
    this.isClosed = true;
    settle(this.work.drained(), callback);
  }

  /** Closes, and then ends the namespace: none of its chunks is found again. Their bytes stay on the ring until it forgets them. */
  destroy(callback?: DoneCallback): void {
    this.isClosed = true;
    this.destroyed ??= this.work.drained().then(() => (this.mayHoldChunks ? this.index.end() : undefined));
    settle(this.destroyed, callback);
  }

  private async putChunk(index: number, chunk: Uint8Array): Promise<void> {
    this.mustBeOpen();
    mustBeIndex(index);
    if (!(chunk instanceof Uint8Array) || chunk.length !== this.chunkLength) {
      throw new ChunkStoreError('chunk-length', `a chunk of this store has ${this.chunkLength} bytes`);
    }
    this.mayHoldChunks = true;
    const bytes = Uint8Array.from(chunk);
    await this.work.run(() => this.index.put(index, bytes), index);
  }

  private async getChunk(
    index: number,
    { offset = 0, length = this.chunkLength - offset }: ChunkRange,
  ): Promise<Buffer> {
    this.mustBeOpen();
    mustBeIndex(index);
    const isRange = [offset, length].every((number) => Number.isInteger(number) && number >= 0);
    if (!isRange || offset + length > this.chunkLength) {
      throw new ChunkStoreError('chunk-range', `offset and length must stay within ${this.chunkLength} bytes`);
    }
    const chunk = await this.work.run(() => this.index.get(index));
    if (chunk.length !== this.chunkLength) {
      throw new ChunkStoreError('chunk-length', `chunk ${index} was put with a length of ${chunk.length} bytes`);
    }
    return Buffer.from(chunk.subarray(offset, offset + length));
  }

  private mustBeOpen(): void {
    if (this.isClosed) throw new ChunkStoreError('store-closed', 'the store is closed');
  }
}

function mustBeIndex(index: number): void {
  if (Number.isSafeInteger(index) && index >= 0) return;
  throw new ChunkStoreError('chunk-index', 'an index is a whole number from 0 on');
}

/** Hands the end to the callback outside of the promise: what a callback throws is uncaught, as in every API with callbacks. */
function settle<Value>(work: Promise<Value>, callback?: (error: Error | null, value?: Value) => void): void {
  work.then(
    (value) => {
      if (callback) process.nextTick(callback, null, value);
    },
    (error: unknown) => {
      if (callback) process.nextTick(callback, error instanceof Error ? error : new Error(String(error)));
    },
  );
}
