// Flowchain's broker for devices: frames that a device sends for an id go to every viewer of that id, and the last one is kept for `status`.
// Within this node only, as Flowchain's was, and in memory: a restart forgets it, and what must be kept is submitted or is a reading.

import type { WebSocket } from 'ws';
import { TokenBucket } from '../transport/token-bucket.ts';
import type { ObjectHooks } from './object-hooks.ts';
import type { ObjectLimits } from './object-limits.ts';

/** WebSocket close codes (RFC 6455 section 7.4.1). */
const GOING_AWAY = 1001;
const POLICY = 1008;
const TRY_AGAIN_LATER = 1013;

/** Device or viewer. */
export type ChannelRole = 'send' | 'viewer';

/** The last frame of an id. */
interface LastFrame {
  readonly frame: Buffer;
  readonly isText: boolean;
  readonly receivedAtMs: number;
}

interface Channel {
  readonly senders: Set<WebSocket>;
  readonly viewers: Set<WebSocket>;
  frames: number;
  last: LastFrame | undefined;
}

/** What is known of an id. `frames`: since this node began to keep it. */
export interface ChannelStatus {
  readonly senders: number;
  readonly viewers: number;
  readonly frames: number;
  readonly last: LastFrame | undefined;
}

/** Ever growing counts, for metrics. */
export interface ChannelCounts {
  frames: number;
  /** Viewers that did not keep up. */
  slowViewers: number;
  /** Sockets that did not answer a ping. */
  silentSockets: number;
  /** Sockets that were refused because there were too many. */
  refusedSockets: number;
  /** Frames too long or malformed, and frames of viewers: their sockets were closed. */
  refusedFrames: number;
}

export class ObjectChannels {
  private readonly limits: ObjectLimits;
  private readonly hooks: ObjectHooks;
  private readonly nowMs: () => number;
  /** In the order of their last frames or first sockets, the oldest first. */
  private readonly channels = new Map<string, Channel>();
  /** Sockets that are open, and whether each has answered the last ping. */
  private readonly open = new Map<WebSocket, boolean>();
  private readonly pings: NodeJS.Timeout;
  private isStopped = false;
  private readonly counted: ChannelCounts = {
    frames: 0,
    slowViewers: 0,
    silentSockets: 0,
    refusedSockets: 0,
    refusedFrames: 0,
  };

  /** Pings until `stop`. */
  constructor(parts: { limits: ObjectLimits; hooks: ObjectHooks; nowMs: () => number }) {
    this.limits = parts.limits;
    this.hooks = parts.hooks;
    this.nowMs = parts.nowMs;
    this.pings = setInterval(() => this.ping(), this.limits.pingMs);
    this.pings.unref();
  }

  counts(): Readonly<ChannelCounts> {
    return this.counted;
  }

  /** Undefined: nobody has been here under this id, or it was forgotten for others. */
  status(id: string): ChannelStatus | undefined {
    const channel = this.channels.get(id);
    if (!channel) return undefined;
    const { senders, viewers, frames, last } = channel;
    return { senders: senders.size, viewers: viewers.size, frames, last };
  }

  /** Whether one more socket of this id may come in; false is counted. */
  hasRoom(id: string): boolean {
    const channel = this.channels.get(id);
    const ofId = channel ? channel.senders.size + channel.viewers.size : 0;
    const hasRoom = !this.isStopped && this.open.size < this.limits.sockets && ofId < this.limits.socketsPerId;
    if (!hasRoom) this.counted.refusedSockets += 1;
    return hasRoom;
  }

  /** Takes a socket over. Several may have been upgraded since hasRoom() was asked for the first of them, so it is asked again. */
  add(socket: WebSocket, { id, role }: { id: string; role: ChannelRole }): void {
    if (!this.hasRoom(id)) {
      socket.close(TRY_AGAIN_LATER);
      return;
    }
    const channel = this.channelOf(id);
    const sockets = role === 'send' ? channel.senders : channel.viewers;
    sockets.add(socket);
    this.open.set(socket, true);
    socket.on('pong', () => this.open.has(socket) && this.open.set(socket, true));
    if (role === 'send') this.forward(socket, { id, channel });
    else socket.on('message', () => this.refuseFrame(socket, 'viewers only listen'));
    socket.once('close', () => {
      sockets.delete(socket);
      this.open.delete(socket);
      if (isIdle(channel) && !channel.last && this.channels.get(id) === channel) this.channels.delete(id);
    });
  }

  /** A frame that WebSocket does not allow, or that is too long: ws has said so and closes the socket. */
  noteRefusedFrame(): void {
    this.counted.refusedFrames += 1;
  }

  /** Says goodbye to every socket, and cuts those that do not answer. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.pings);
    const sockets = [...this.open.keys()];
    const closed = Promise.all(
      sockets.map((socket) => new Promise<void>((done) => socket.once('close', () => done()))),
    );
    for (const socket of sockets) socket.close(GOING_AWAY);
    const cut = setTimeout(() => {
      for (const socket of sockets) socket.terminate();
    }, this.limits.stopMs);
    await closed.finally(() => clearTimeout(cut));
  }

  private forward(socket: WebSocket, { id, channel }: { id: string; channel: Channel }): void {
    const bucket = new TokenBucket({ perSecond: this.limits.framesPerSecond, nowMs: this.nowMs() });
    let resume: NodeJS.Timeout | undefined;
    socket.on('message', (data, isBinary) => {
      const frame = Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
      const nowMs = this.nowMs();
      const isText = !isBinary;
      this.counted.frames += 1;
      channel.frames += 1;
      channel.last = { frame, isText, receivedAtMs: nowMs };
      this.channels.delete(id);
      this.channels.set(id, channel);
      for (const viewer of channel.viewers) this.show(viewer, { frame, isText });
      this.hooks.emit('data', { id, frame, isText });
      // Too fast: nothing more is read until its rate is kept again. What was read already still comes, and is waited for as well.
      const waitMs = bucket.take(1, nowMs);
      if (waitMs === 0) return;
      socket.pause();
      clearTimeout(resume);
      resume = setTimeout(() => socket.resume(), waitMs);
    });
    socket.once('close', () => clearTimeout(resume));
  }

  /** A viewer that has too much waiting already is dropped: it would see ever older frames, and hold their bytes here. */
  private show(viewer: WebSocket, { frame, isText }: { frame: Buffer; isText: boolean }): void {
    if (viewer.readyState !== viewer.OPEN) return;
    if (viewer.bufferedAmount + frame.length > this.limits.viewerBufferBytes) {
      this.counted.slowViewers += 1;
      viewer.terminate();
    } else viewer.send(frame, { binary: !isText });
  }

  private refuseFrame(socket: WebSocket, reason: string): void {
    // Frames that were on their way when the first was refused are not counted.
    if (socket.readyState !== socket.OPEN) return;
    this.noteRefusedFrame();
    socket.close(POLICY, reason);
  }

  private channelOf(id: string): Channel {
    const known = this.channels.get(id);
    if (known) return known;
    if (this.channels.size >= this.limits.keptIds) this.forgetOne();
    const channel: Channel = { senders: new Set(), viewers: new Set(), frames: 0, last: undefined };
    this.channels.set(id, channel);
    return channel;
  }

  /** Ids with sockets stay, and the number of sockets is bounded. */
  private forgetOne(): void {
    for (const [id, channel] of this.channels) {
      if (!isIdle(channel)) continue;
      this.channels.delete(id);
      return;
    }
  }

  private ping(): void {
    for (const [socket, hasAnswered] of this.open) {
      if (hasAnswered) {
        this.open.set(socket, false);
        if (socket.readyState === socket.OPEN) socket.ping();
      } else {
        this.counted.silentSockets += 1;
        socket.terminate();
      }
    }
  }
}

function isIdle({ senders, viewers }: Channel): boolean {
  return senders.size + viewers.size === 0;
}
