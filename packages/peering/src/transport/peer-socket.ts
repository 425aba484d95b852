// A socket after its hello: requests and answers both ways with one peer, their bytes, and what that peer may ask for. How many sockets a
// peer has and when to dial is peer-link.ts.

import type { Json, Message } from '../calls.ts';
import type { NodeId } from '../node-id.ts';
import type { Standing } from './admission.ts';
import type { ByteBudget } from './byte-budget.ts';
import { CallFailed } from './call-failed.ts';
import type { Clock } from './clock.ts';
import type { Refusal, Tally } from './counters.ts';
import { CHUNK_BYTES, type Chunk, encodeChunk, type Frame, isOwnKind } from './frame.ts';
import type { FrameSocket, SocketEnd } from './frame-socket.ts';
import { IncomingBytes } from './incoming-bytes.ts';
import type { TransportLimits } from './limits.ts';
import { OutgoingCalls, REFUSED } from './outgoing-calls.ts';
import type { ReadRate } from './token-bucket.ts';

/** Answers a request of a node that was authenticated. Rejecting refuses it. */
export type RequestHandler = (from: NodeId, message: Message) => Promise<Message>;

/** What one peer uses up here, over all its sockets. */
export interface PeerUse extends ReadRate {
  /** Requests being handled, and the bytes of their answers that are not sent yet. */
  handled: number;
  answerBytes: number;
}

/** "I ask nothing more on this socket": after it went both ways and all is answered, the socket is closed. */
const BYE = 'link.bye';
/** "The rest of the bytes of message {body} does not come." */
const STOP = 'link.stop';
const CLOSE_NORMAL = 1000;
/** What a candidate may ask for. */
const CANDIDATE_PREFIX = 'roster.';

export interface PeerSocketOptions {
  readonly socket: FrameSocket;
  readonly self: NodeId;
  readonly peer: NodeId;
  readonly dialedBy: NodeId;
  readonly use: PeerUse;
  readonly limits: TransportLimits;
  readonly clock: Clock;
  readonly tally: Tally;
  readonly budget: ByteBudget;
  readonly standing: () => Standing;
  readonly handle: RequestHandler;
  readonly ended: (socket: PeerSocket, end: SocketEnd) => void;
}

export class PeerSocket {
  readonly openedAtMs: number;
  private readonly options: PeerSocketOptions;
  private readonly socket: FrameSocket;
  private readonly incoming: IncomingBytes;
  private readonly calls: OutgoingCalls;
  private lastId = 0;
  private handling = 0;
  private isRetired = false;
  private hasSaidBye = false;
  private hasHeardBye = false;

  constructor(options: PeerSocketOptions) {
    this.options = options;
    this.socket = options.socket;
    this.openedAtMs = options.clock.monotonicMs();
    this.incoming = new IncomingBytes(options);
    this.calls = new OutgoingCalls({ clock: options.clock, ended: () => this.finishIfIdle() });
    this.socket.rate = options.use;
    this.socket.receiver = {
      frame: (frame) => this.frame(frame),
      chunk: (chunk) => {
        if (!this.incoming.chunk(chunk)) this.socket.refuseFrame();
      },
      ended: (end) => this.socketEnded(end),
    };
    this.socket.startPings();
  }

  get dialedBy(): NodeId {
    return this.options.dialedBy;
  }

  /** Whether a new request may be sent on it. */
  get isUsable(): boolean {
    return this.socket.isOpen && !this.isRetired;
  }

  get roundTripMs(): number | undefined {
    return this.socket.roundTripMs;
  }

  get bufferedBytes(): number {
    return this.socket.bufferedBytes;
  }

  get pendingRequests(): number {
    return this.calls.size;
  }

  /** Asks the peer. Rejects with CallFailed, and with nothing else. */
  request(message: Message, timeoutMs: number): Promise<Message> {
    if (!this.socket.isOpen) return Promise.reject(new CallFailed('unreachable', 'the connection has ended'));
    if (this.calls.size >= this.options.limits.pendingPerPeer) {
      return Promise.reject(new CallFailed('unreachable', 'too many requests to this node wait for their answers'));
    }
    if (isOwnKind(message.t)) {
      return Promise.reject(new CallFailed('refused', `messages of kind ${message.t} are the transport's own`));
    }
    const id = this.socket.nextId();
    const ended = this.calls.begin({ id, timeoutMs });
    this.send({ id, message, isWanted: () => this.calls.isWaiting(id) }).catch((error: unknown) => {
      this.calls.fail(id, 'refused', error instanceof Error ? error.message : 'the message cannot be sent');
    });
    return ended;
  }

  /** Sends no request any more and ends when everything under way has ended, or after the drain limit. */
  retire(): void {
    if (this.isRetired) return;
    this.isRetired = true;
    this.options.clock.after(this.options.limits.drainMs, () => this.socket.terminate());
    this.finishIfIdle();
  }

  /** Ends now, whatever is under way. */
  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  terminate(): void {
    this.socket.terminate();
  }

  private frame(frame: Frame): void {
    if (frame.from !== this.options.peer) {
      this.socket.refuse('forged-from');
      return;
    }
    if (frame.id <= this.lastId) {
      this.socket.refuseFrame();
      return;
    }
    this.lastId = frame.id;
    const isOwn = isOwnKind(frame.t);
    if (frame.re === undefined) {
      if (isOwn) this.ownFrame(frame);
      else this.asked(frame);
    } else if (isOwn && frame.t !== REFUSED) {
      this.socket.refuseFrame();
    } else {
      this.answered(frame.re, frame);
    }
  }

  private ownFrame(frame: Frame): void {
    if (frame.t === BYE && frame.size === undefined) {
      this.hasHeardBye = true;
      this.retire();
      this.finishIfIdle();
    } else if (frame.t === STOP && frame.size === undefined && typeof frame.body === 'number') {
      this.incoming.stopped(frame.body);
    } else {
      this.socket.refuseFrame();
    }
  }

  private answered(re: number, frame: Frame): void {
    const fault = this.calls.answer(re, frame, this.incoming);
    if (fault === 'too-many') this.socket.refuseFrame();
    else if (fault) this.options.tally.refuse(fault);
  }

  private asked(frame: Frame): void {
    const refusal = this.refusalOf(frame);
    if (refusal) {
      this.options.tally.refuse(refusal);
      const isRoom = frame.size === undefined || this.incoming.expect({ id: frame.id, size: frame.size });
      if (isRoom) void this.refuseRequest(frame.id, refusal);
      else this.socket.refuseFrame();
      return;
    }
    this.options.use.handled++;
    this.handling++;
    const { t, body, size } = frame;
    if (size === undefined) {
      void this.handle(frame.id, { t, body });
      return;
    }
    const isRoom = this.incoming.expect({
      id: frame.id,
      size,
      wanted: {
        whole: (bytes, release) => void this.handle(frame.id, { t, body, bytes }).finally(release),
        dropped: (fault) => {
          if (fault !== 'stopped') this.options.tally.refuse(fault);
          void this.refuseRequest(frame.id, fault).finally(() => this.handledOne());
        },
      },
    });
    if (!isRoom) {
      this.handledOne();
      this.socket.refuseFrame();
    }
  }

  private refusalOf(frame: Frame): Refusal | undefined {
    const { limits, use } = this.options;
    const standing = this.options.standing();
    if (standing === 'stranger') return 'not-admitted';
    if (standing === 'candidate' && !frame.t.startsWith(CANDIDATE_PREFIX)) return 'not-admitted';
    return use.handled >= limits.handledPerPeer || use.answerBytes > limits.messageBytes ? 'busy' : undefined;
  }

  private async handle(re: number, message: Message): Promise<void> {
    const { use, tally, peer, handle } = this.options;
    let answerBytes = 0;
    try {
      const reply = await handle(peer, message);
      if (isOwnKind(reply.t)) throw new RangeError(`messages of kind ${reply.t} are the transport's own`);
      answerBytes = reply.bytes?.length ?? 0;
      use.answerBytes += answerBytes;
      await this.send({ id: this.socket.nextId(), re, message: reply, isWanted: () => true });
    } catch {
      // What a handler throws is its own to log; the peer learns that it was refused, and metrics that it happened.
      tally.handlerFailures++;
      await this.refuseRequest(re, 'failed');
    } finally {
      use.answerBytes -= answerBytes;
      this.handledOne();
    }
  }

  private handledOne(): void {
    this.options.use.handled--;
    this.handling--;
    this.finishIfIdle();
  }

  private async refuseRequest(re: number, reason: string): Promise<void> {
    await this.sendOwn(REFUSED, reason, re);
  }

  private async sendOwn(t: string, body: Json, re?: number): Promise<void> {
    await this.send({
      id: this.socket.nextId(),
      message: { t, body },
      isWanted: () => true,
      ...(re === undefined ? {} : { re }),
    });
  }

  /** Throws RangeError for what does not fit; nothing of it was sent then. */
  private async send(sent: { id: number; re?: number; message: Message; isWanted: () => boolean }): Promise<void> {
    const { id, re, message, isWanted } = sent;
    const { t, body, bytes } = message;
    const { limits, clock, self } = this.options;
    if (bytes && bytes.length > limits.messageBytes) {
      throw new RangeError(`${bytes.length} bytes beside a message are more than ${limits.messageBytes}`);
    }
    const frame: Frame = {
      id,
      t,
      from: self,
      tsMs: clock.wallMs(),
      body,
      ...(re === undefined ? {} : { re }),
      ...(bytes === undefined ? {} : { size: bytes.length }),
    };
    if (!(await this.socket.sendFrame(frame)) || !bytes) return;
    for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
      const chunk: Chunk = { id, bytes: bytes.subarray(offset, offset + CHUNK_BYTES) };
      let isStopped = false;
      const isSent = await this.socket.sendWhenRoom(() => {
        isStopped = !isWanted();
        return isStopped ? undefined : encodeChunk(chunk);
      });
      if (isStopped) await this.sendOwn(STOP, id);
      if (!isSent || isStopped) return;
    }
  }

  private finishIfIdle(): void {
    if (!this.isRetired || !this.socket.isOpen || this.calls.size > 0) return;
    if (!this.hasSaidBye) {
      this.hasSaidBye = true;
      void this.sendOwn(BYE, null);
    }
    if (this.hasHeardBye && this.handling === 0) this.socket.close(CLOSE_NORMAL, 'done');
  }

  private socketEnded(end: SocketEnd): void {
    this.calls.failAll();
    // What was being received is handled no more; what a handler still works on ends by itself.
    this.incoming.clear();
    this.options.ended(this, end);
  }
}
