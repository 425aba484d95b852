// One WebSocket as frames and chunks: reads with a rate, writes with back-pressure, pings, and ends whoever sends what is no frame.
// It knows nothing of who is at the other end: that is the hello's (handshake.ts) and then the peer's (peer-socket.ts).

import WebSocket from 'ws';
import type { CancelTimer, Clock } from './clock.ts';
import type { Refusal, Tally } from './counters.ts';
import { type Chunk, encodeFrame, type Frame, parseChunk, parseFrame } from './frame.ts';
import type { TransportLimits } from './limits.ts';
import type { ReadRate } from './token-bucket.ts';

/** Why a socket is no more: `silent` missed its pings; `ended` is everything else. */
export type SocketEnd = 'silent' | 'ended';

/** Who reads the socket now. It never throws. */
export interface FrameReceiver {
  readonly frame: (frame: Frame) => void;
  readonly chunk: (chunk: Chunk) => void;
  /** Once, last. */
  readonly ended: (end: SocketEnd) => void;
}

/** WebSocket close codes (RFC 6455 section 7.4.1). */
const CLOSE_POLICY = 1008;

interface Waiting {
  readonly run: () => void;
  readonly dropped: () => void;
}

export class FrameSocket {
  receiver: FrameReceiver | undefined;
  rate: ReadRate;
  private readonly socket: WebSocket;
  private readonly limits: TransportLimits;
  private readonly clock: Clock;
  private readonly tally: Tally;
  private readonly waiting: Waiting[] = [];
  private malformed = 0;
  private lastId = 0;
  private isSlowed = false;
  private hasLife = true;
  private missed = 0;
  private end: SocketEnd = 'ended';
  private pingedAtMs = 0;
  private pings = 0;
  private roundTrip: number | undefined;
  private cancelPing: CancelTimer | undefined;

  constructor(options: {
    socket: WebSocket;
    rate: ReadRate;
    limits: TransportLimits;
    clock: Clock;
    tally: Tally;
  }) {
    this.socket = options.socket;
    this.rate = options.rate;
    this.limits = options.limits;
    this.clock = options.clock;
    this.tally = options.tally;
    this.socket.on('message', (data, isBinary) => this.received(data, isBinary));
    this.socket.on('ping', (data) => {
      this.slowDown(data.length);
      this.endIfNotReading();
    });
    this.socket.on('pong', (data) => this.ponged(data));
    // 'close' always follows. Codes of ws itself mean that the peer broke the protocol; others are the network's.
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') this.tally.refuse('too-large');
      else if (error.code?.startsWith('WS_ERR_')) this.tally.refuse('malformed');
    });
    this.socket.on('close', () => this.closed());
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  /** Of the last ping that was answered. */
  get roundTripMs(): number | undefined {
    return this.roundTrip;
  }

  nextId(): number {
    this.lastId++;
    return this.lastId;
  }

  /** Sends a frame, when the buffer is full as soon as it is not. False: the socket ended before. Throws RangeError for a frame that is too large. */
  async sendFrame(frame: Frame): Promise<boolean> {
    const text = encodeFrame(frame);
    if (text === undefined) throw new RangeError(`a message of kind ${frame.t} is larger than a frame`);
    if (this.waiting.length > 0 || this.socket.bufferedAmount >= this.limits.bufferedHighBytes) {
      return this.sendWhenRoom(() => text);
    }
    return this.write(text);
  }

  /** Sends what `make` yields once little is buffered, after whoever waited before; nothing if it yields nothing. False: the socket ended. */
  sendWhenRoom(make: () => string | Uint8Array | undefined): Promise<boolean> {
    if (!this.isOpen) return Promise.resolve(false);
    return new Promise((resolve) => {
      const run = () => {
        const data = make();
        resolve(data === undefined || this.write(data));
      };
      this.waiting.push({ run, dropped: () => resolve(false) });
      this.flow();
    });
  }

  /** Counts a refusal and ends the socket at once. */
  refuse(reason: Refusal): void {
    this.tally.refuse(reason);
    this.close(CLOSE_POLICY, reason);
  }

  /** Counts a frame that has no place here; ends the socket after a few. */
  refuseFrame(): void {
    this.tally.refuse('malformed');
    this.malformed++;
    if (this.malformed >= this.limits.malformedFrames) this.close(CLOSE_POLICY, 'malformed');
  }

  /** Ends the socket: politely, and for certain after the drain limit. */
  close(code: number, reason: string): void {
    this.cancelPing?.();
    this.socket.close(code, reason);
    this.clock.after(Math.min(this.limits.drainMs, 1_000), () => this.socket.terminate());
  }

  terminate(): void {
    this.socket.terminate();
  }

  startPings(): void {
    this.cancelPing = this.clock.after(this.limits.pingMs, () => this.tick());
    this.ping();
  }

  private received(data: WebSocket.RawData, isBinary: boolean): void {
    if (!Buffer.isBuffer(data) || !this.isOpen) return;
    this.tally.framesReceived++;
    this.tally.bytesReceived += data.length;
    this.slowDown(data.length);
    const parsed = isBinary ? parseChunk(data) : parseFrame(data.toString());
    if (!parsed) {
      this.refuseFrame();
      return;
    }
    this.hasLife = true;
    if ('bytes' in parsed) this.receiver?.chunk(parsed);
    else this.receiver?.frame(parsed);
  }

  /** Over its rate, a peer is not read until it owes nothing: TCP holds it back, and nothing is lost. */
  private slowDown(sizeBytes: number): void {
    const nowMs = this.clock.monotonicMs();
    const waitMs = Math.max(this.rate.frames.take(1, nowMs), this.rate.bytes.take(sizeBytes, nowMs));
    if (waitMs === 0 || this.isSlowed) return;
    this.isSlowed = true;
    this.tally.slowed++;
    this.socket.pause();
    this.clock.after(waitMs, () => {
      this.isSlowed = false;
      this.hasLife = true;
      this.socket.resume();
    });
  }

  private ping(): void {
    this.pings++;
    this.pingedAtMs = this.clock.monotonicMs();
    this.socket.ping(String(this.pings));
  }

  private ponged(data: Buffer): void {
    this.slowDown(data.length);
    if (data.toString() !== String(this.pings)) return;
    this.hasLife = true;
    this.roundTrip = this.clock.monotonicMs() - this.pingedAtMs;
  }

  /** Whole frames count as life beside pongs: on a slow link a pong waits behind the bytes of a message. */
  private tick(): void {
    if (!this.isOpen) return;
    this.missed = this.hasLife || this.isSlowed ? 0 : this.missed + 1;
    this.hasLife = false;
    if (this.missed >= this.limits.missedPings) {
      this.end = 'silent';
      this.socket.terminate();
      return;
    }
    this.ping();
    this.endIfNotReading();
    this.cancelPing = this.clock.after(this.limits.pingMs, () => this.tick());
  }

  private write(data: string | Uint8Array): boolean {
    if (!this.isOpen) return false;
    this.tally.framesSent++;
    this.tally.bytesSent += data.length;
    this.socket.send(data, () => this.flow());
    this.endIfNotReading();
    return true;
  }

  private flow(): void {
    while (this.isOpen && this.socket.bufferedAmount < this.limits.bufferedLowBytes) {
      const next = this.waiting.shift();
      if (!next) return;
      next.run();
    }
  }

  private endIfNotReading(): void {
    if (!this.isOpen || this.socket.bufferedAmount <= this.limits.bufferedMostBytes) return;
    this.tally.refuse('not-reading');
    this.socket.terminate();
  }

  private closed(): void {
    this.cancelPing?.();
    for (const waiting of this.waiting.splice(0)) waiting.dropped();
    this.receiver?.ended(this.end);
  }
}
