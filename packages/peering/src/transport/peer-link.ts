// All that concerns the way to one peer: its one socket, dialling with back-off, who wins when both dial, and when the peer counts as down.

import type { CallFailure, Contact, Message } from '../calls.ts';
import type { NodeId } from '../node-id.ts';
import { CallFailed } from './call-failed.ts';
import type { CancelTimer, Clock } from './clock.ts';
import type { PeerCounters } from './counters.ts';
import type { SocketEnd } from './frame-socket.ts';
import type { TransportLimits } from './limits.ts';
import type { PeerSocket, PeerUse } from './peer-socket.ts';
import { newReadRate } from './token-bucket.ts';

/** Sockets that one peer may have at once: the used one, and replaced ones that end. */
const MAX_SOCKETS = 4;
/** Connections that ended soon after they began, in a row, after which a peer is down without another try. A guess. */
const UNSTABLE = 3;
const CLOSE_GOING_AWAY = 1001;

export interface PeerLinkOptions {
  readonly self: NodeId;
  readonly peer: NodeId;
  readonly limits: TransportLimits;
  readonly clock: Clock;
  readonly random: () => number;
  /** Dials and says hello. `opened` comes through `add` before `failed` could. */
  readonly dial: (contact: Contact, failed: () => void) => void;
  /** Where the peer listens, if the roster says so: for coming back to a peer that dialled us. */
  readonly contact: () => Contact | undefined;
  readonly isMember: () => boolean;
  /** Member or candidate. */
  readonly isWelcome: () => boolean;
  readonly wentUp: () => void;
  readonly wentDown: () => void;
}

interface Waiter {
  readonly opened: (socket: PeerSocket) => void;
  readonly failed: (why: CallFailure, message: string) => void;
}

export class PeerLink {
  readonly use: PeerUse;
  private readonly options: PeerLinkOptions;
  private readonly sockets = new Set<PeerSocket>();
  private readonly waiters = new Set<Waiter>();
  private current: PeerSocket | undefined;
  private contact: Contact | undefined;
  private isDialing = false;
  private isUp = false;
  private isClosing = false;
  private failures = 0;
  private dialAgainAtMs = 0;
  private cancelReconnect: CancelTimer | undefined;

  constructor(options: PeerLinkOptions) {
    this.options = options;
    this.use = { ...newReadRate(options.limits, options.clock.monotonicMs()), handled: 0, answerBytes: 0 };
  }

  get socketCount(): number {
    return this.sockets.size;
  }

  /** Nothing is known here that a later connection would need. */
  get isIdle(): boolean {
    return this.sockets.size === 0 && this.waiters.size === 0 && !this.isDialing && !this.isUp;
  }

  counters(): PeerCounters | undefined {
    if (!this.current) return undefined;
    return {
      id: this.options.peer,
      dialedBy: this.current.dialedBy,
      roundTripMs: this.current.roundTripMs,
      bufferedBytes: sum(this.sockets, (socket) => socket.bufferedBytes),
      pendingRequests: sum(this.sockets, (socket) => socket.pendingRequests) + this.waiters.size,
      handledRequests: this.use.handled,
    };
  }

  /** One request, within its time limit from now. Rejects with CallFailed. */
  async request(sent: { to: Contact; message: Message; timeoutMs: number }): Promise<Message> {
    const startedAtMs = this.options.clock.monotonicMs();
    const socket = this.current?.isUsable ? this.current : await this.open(sent);
    const usedMs = this.options.clock.monotonicMs() - startedAtMs;
    return socket.request(sent.message, Math.max(1, Math.round(sent.timeoutMs - usedMs)));
  }

  /** Takes a socket whose hello is over. */
  add(socket: PeerSocket): void {
    this.cancelReconnect?.();
    this.cancelReconnect = undefined;
    this.sockets.add(socket);
    const before = this.current;
    const used = before ? this.preferred(before, socket) : socket;
    this.current = used;
    if (before) (used === before ? socket : before).retire();
    for (const oldest of this.sockets) {
      if (this.sockets.size <= MAX_SOCKETS) break;
      if (oldest !== used) this.forget(oldest);
    }
    for (const waiter of this.take()) waiter.opened(used);
    if (this.isClosing) socket.retire();
    this.admissionChanged();
  }

  /** A candidate that was admitted is up from then on; whoever may not be here any more is closed. */
  admissionChanged(): void {
    if (!this.options.isWelcome()) this.close();
    if (this.isUp || !this.current || !this.options.isMember()) return;
    this.isUp = true;
    this.options.wentUp();
  }

  /** A socket ended. A peer that fell silent is down; after another end it gets one try to be reached again. */
  ended(socket: PeerSocket, end: SocketEnd): void {
    this.sockets.delete(socket);
    if (this.current !== socket) return;
    this.current = undefined;
    const { clock, limits } = this.options;
    const isStable = clock.monotonicMs() - socket.openedAtMs >= limits.stableMs;
    this.failures = isStable ? 0 : this.failures + 1;
    const waitMs = this.delay();
    this.dialAgainAtMs = clock.monotonicMs() + waitMs;
    if (this.isClosing || !this.isUp) return;
    this.contact ??= this.options.contact();
    const { contact } = this;
    if (end === 'silent' || !contact || this.failures >= UNSTABLE || !this.options.isMember()) {
      this.down();
      return;
    }
    this.cancelReconnect = clock.after(waitMs, () => this.dial(contact));
  }

  /** Lets what is under way end, then closes. */
  retire(): void {
    this.isClosing = true;
    this.cancelReconnect?.();
    for (const waiter of this.take()) waiter.failed('unreachable', 'this node is closing');
    for (const socket of this.sockets) socket.retire();
  }

  /** Ends every socket now. */
  close(): void {
    for (const socket of this.sockets) socket.close(CLOSE_GOING_AWAY, 'closing');
  }

  terminate(): void {
    for (const socket of this.sockets) socket.terminate();
  }

  /** Waits for a socket, dialling unless that goes on already. Fails at once while the back-off runs: nobody waits for a dead node. */
  private open(sent: { to: Contact; timeoutMs: number }): Promise<PeerSocket> {
    const { clock } = this.options;
    this.contact = sent.to;
    return new Promise((resolve, reject) => {
      const cancel = clock.after(sent.timeoutMs, () => {
        this.waiters.delete(waiter);
        waiter.failed('unreachable', 'no connection within the time limit');
      });
      const waiter: Waiter = {
        opened: (socket) => {
          cancel();
          resolve(socket);
        },
        failed: (why, message) => {
          cancel();
          reject(new CallFailed(why, message));
        },
      };
      if (this.isClosing) return waiter.failed('unreachable', 'this node is closing');
      if (this.waiters.size >= this.options.limits.pendingPerPeer) {
        return waiter.failed('unreachable', 'too many requests wait for a connection to this node');
      }
      if (!this.isDialing && clock.monotonicMs() < this.dialAgainAtMs && !this.cancelReconnect) {
        return waiter.failed('unreachable', 'the last dial failed just now');
      }
      this.waiters.add(waiter);
      if (!this.cancelReconnect) this.dial(sent.to);
    });
  }

  private dial(contact: Contact): void {
    this.cancelReconnect = undefined;
    if (this.isDialing || this.isClosing || this.current?.isUsable) return;
    this.isDialing = true;
    let isOver = false;
    this.options.dial(contact, () => {
      if (isOver) return;
      isOver = true;
      this.isDialing = false;
      // It ended as a failure only if nothing else connects us: the peer's own dial may have won.
      if (this.current?.isUsable) return;
      this.failures++;
      this.dialAgainAtMs = this.options.clock.monotonicMs() + this.delay();
      for (const waiter of this.take()) waiter.failed('unreachable', 'the node could not be reached');
      this.down();
    });
  }

  /** The dial of this link ended with a socket. */
  dialed(): void {
    this.isDialing = false;
  }

  /** Lower id's dial wins; of two dials of one side the newer, as that side has given the older up. */
  private preferred(before: PeerSocket, socket: PeerSocket): PeerSocket {
    if (before.dialedBy === socket.dialedBy || !before.isUsable) return socket;
    const { self, peer } = this.options;
    const lower = self < peer ? self : peer;
    return before.dialedBy === lower ? before : socket;
  }

  private forget(socket: PeerSocket): void {
    this.sockets.delete(socket);
    socket.terminate();
  }

  private down(): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.options.wentDown();
  }

  private take(): Waiter[] {
    const waiters = [...this.waiters];
    this.waiters.clear();
    return waiters;
  }

  /** Doubles with each failure up to the greatest; the upper half of it is drawn, so that nodes do not come back in step. */
  private delay(): number {
    const { limits, random } = this.options;
    const doublings = Math.min(this.failures, 20);
    const mostMs = Math.min(limits.backOffMostMs, limits.backOffMs * 2 ** doublings);
    return mostMs * (0.5 + random() / 2);
  }
}

function sum<Item>(items: Iterable<Item>, of: (item: Item) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}
