// The ring's RPC over WebSocket: requests to nodes and from nodes, who is let in, and what is counted. One object a receiver; server side and
// client side use the same sockets.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Contact, Message } from '../calls.ts';
import type { NodeId } from '../node-id.ts';
import type { Admission, Introduction } from './admission.ts';
import { ByteBudget } from './byte-budget.ts';
import { CallFailed } from './call-failed.ts';
import type { Clock } from './clock.ts';
import { type Refusal, Tally, type TransportCounters } from './counters.ts';
import { dialSocket } from './dial-socket.ts';
import { FRAME_BYTES } from './frame.ts';
import { FrameSocket } from './frame-socket.ts';
import { acceptHello, type CheckPeer, dialHello } from './handshake.ts';
import type { TransportLimits } from './limits.ts';
import type { NodeIdentity, NodePublicKey } from './node-identity.ts';
import { PeerLink } from './peer-link.ts';
import { PeerSocket, type RequestHandler } from './peer-socket.ts';
import { newReadRate } from './token-bucket.ts';
import { refuseUpgrade } from './upgrades.ts';
import { WaitingRoom } from './waiting-room.ts';

/** What the transport says of itself: one line for each change of state. */
interface TransportLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface TransportOptions {
  readonly self: NodeIdentity;
  readonly admission: Admission;
  readonly limits: TransportLimits;
  /** Where the receiver listens (HOST): its dials come from there too, where that is possible. Undefined: the routes decide. */
  readonly localAddress?: string | undefined;
  readonly clock: Clock;
  /** At least 0 and below 1: spreads the back-off. */
  readonly random: () => number;
  readonly log: TransportLog;
}

export class Transport {
  private readonly options: TransportOptions;
  private readonly server: WebSocketServer;
  private readonly links = new Map<NodeId, PeerLink>();
  private readonly waitingRoom: WaitingRoom;
  private readonly budget: ByteBudget;
  private readonly tally = new Tally();
  private readonly downListeners = new Set<(id: NodeId) => void>();
  private readonly early = new Set<FrameSocket>();
  private handler: RequestHandler = () => Promise.reject(new Error('nobody serves requests yet'));
  private candidates = 0;
  private isClosing = false;
  private whenNoSockets: (() => void) | undefined;

  constructor(options: TransportOptions) {
    this.options = options;
    this.waitingRoom = new WaitingRoom(options.limits);
    this.budget = new ByteBudget(options.limits.allMessageBytes);
    this.server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: FRAME_BYTES,
    });
  }

  /**
   * Asks a node and gives its answer. Dials it if it has no socket: where the roster says that it listens, whatever `to` says, and no stranger.
   * Rejects with CallFailed and nothing else: `timeout` (asked, no answer), `unreachable` (no connection, or it ended), `refused` (the node
   * rejected it, or it does not fit a message). Without `timeoutMs` the limit is `requestMs`: give more when bytes are expected either way.
   */
  request(to: Contact, message: Message, options: { readonly timeoutMs?: number } = {}): Promise<Message> {
    if (this.isClosing) return Promise.reject(new CallFailed('unreachable', 'this node is closing'));
    const { self, admission, limits } = this.options;
    // Contacts come out of other nodes' answers: a lying one must not make this node dial whatever it names.
    if (to.id === self.id || admission.standing(to.id) === 'stranger') {
      return Promise.reject(new CallFailed('unreachable', 'the node is this one, or not in the roster'));
    }
    const contact = admission.contactOf(to.id) ?? to;
    return this.link(to.id).request({ to: contact, message, timeoutMs: options.timeoutMs ?? limits.requestMs });
  }

  /** Sets who answers requests; it must settle, as each request holds one of its peer's places until then. Rejecting refuses the request. */
  serve(handler: RequestHandler): void {
    this.handler = handler;
  }

  /** Calls back once each time that a member which was connected is down. The result ends it. */
  onPeerDown(listener: (id: NodeId) => void): () => void {
    this.downListeners.add(listener);
    return () => this.downListeners.delete(listener);
  }

  /**
   * Dials an address whose node is not known yet and says hello if `accept` takes it (its ring id too); the socket is then like any other.
   * Rejects with CallFailed.
   */
  introduce(address: Pick<Contact, 'host' | 'port'>, accept: (met: Introduction) => boolean): Promise<Introduction> {
    if (this.isClosing) return Promise.reject(new CallFailed('unreachable', 'this node is closing'));
    return new Promise((resolve, reject) => {
      const check: CheckPeer = (said) => (accept({ node: said.key, ringId: said.ring }) ? undefined : 'wrong-node');
      this.dial(address, check, {
        done: (node, ringId) => resolve({ node, ringId }),
        failed: () => reject(new CallFailed('unreachable', `no ring node answered at ${address.host}:${address.port}`)),
      });
    });
  }

  /** Takes an upgrade for RING_SOCKET_PATH (upgrades.ts). */
  takeUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const ring = this.options.admission.ringId();
    const address = request.socket.remoteAddress ?? '';
    const refusal = this.waitingRoom.refusalOf(address);
    if (refusal) this.tally.refuse(refusal);
    if (this.isClosing || ring === undefined || refusal) {
      refuseUpgrade(socket, 503);
      return;
    }
    const leave = this.waitingRoom.enter(address);
    socket.once('close', leave);
    this.server.handleUpgrade(request, socket, head, (webSocket) => {
      const frames = this.framesOf(webSocket);
      acceptHello({
        socket: frames,
        self: this.options.self,
        clock: this.options.clock,
        helloMs: this.options.limits.helloMs,
        ring,
        check: (said) => this.refusalOf(said.key),
        done: (node) => {
          leave();
          this.open(frames, { node, dialedBy: node.id });
        },
        failed: () => this.early.delete(frames),
      });
    });
  }

  /** The roster changed: members that were candidates are up, sockets of strangers are closed. */
  admissionChanged(): void {
    for (const link of this.links.values()) link.admissionChanged();
  }

  /** A reading of what was counted. */
  counters(): TransportCounters {
    const peers = [...this.links.values()].flatMap((link) => link.counters() ?? []);
    return {
      ...this.tally.totals(),
      socketsBeforeHelloNow: this.waitingRoom.size,
      socketsNow: this.socketCount(),
      messageBytesNow: this.budget.usedBytes,
      peers,
    };
  }

  /** Takes nothing new, lets requests under way end within the drain limit, and closes every socket. */
  async close(): Promise<void> {
    this.isClosing = true;
    for (const frames of this.early) frames.terminate();
    for (const link of this.links.values()) link.retire();
    const { drainMs } = this.options.limits;
    await this.untilNoSockets(drainMs);
    for (const link of this.links.values()) link.close();
    await this.untilNoSockets(Math.min(1_000, drainMs));
    for (const link of this.links.values()) link.terminate();
    this.server.close();
  }

  private socketCount(): number {
    let count = 0;
    for (const link of this.links.values()) count += link.socketCount;
    return count;
  }

  private untilNoSockets(limitMs: number): Promise<void> {
    if (this.socketCount() === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.options.clock.after(limitMs, () => resolve());
      this.whenNoSockets = () => {
        cancel();
        resolve();
      };
    });
  }

  private link(id: NodeId): PeerLink {
    const known = this.links.get(id);
    if (known) return known;
    const { self, limits, clock, random, admission, log } = this.options;
    const link: PeerLink = new PeerLink({
      self: self.id,
      peer: id,
      limits,
      clock,
      random,
      contact: () => admission.contactOf(id),
      isMember: () => admission.contactOf(id) !== undefined,
      isWelcome: () => admission.standing(id) !== 'stranger',
      dial: (contact, failed) => {
        const check: CheckPeer = (said) => {
          if (said.key.id !== id) return 'wrong-node';
          return said.ring === admission.ringId() ? this.refusalOf(said.key) : 'wrong-ring';
        };
        this.dial(contact, check, { done: () => undefined, failed: () => failed() });
      },
      wentUp: () => log.info({ nodeId: id }, 'ring node connected'),
      wentDown: () => {
        this.tally.peersDown++;
        log.info({ nodeId: id }, 'ring node down');
        for (const listener of this.downListeners) listener(id);
      },
    });
    this.links.set(id, link);
    return link;
  }

  private dial(
    address: Pick<Contact, 'host' | 'port'>,
    check: CheckPeer,
    outcome: { done: (node: NodePublicKey, ring: string) => void; failed: () => void },
  ): void {
    const { self, clock, limits, localAddress: from } = this.options;
    this.tally.dials++;
    const failed = (): void => {
      this.tally.dialsFailed++;
      outcome.failed();
    };
    const frames = this.framesOf(dialSocket(address, { limitMs: limits.helloMs, from }));
    dialHello({
      socket: frames,
      self,
      clock,
      helloMs: limits.helloMs,
      check,
      done: (node, ring) => {
        this.open(frames, { node, dialedBy: self.id });
        outcome.done(node, ring);
      },
      failed: () => {
        this.early.delete(frames);
        failed();
      },
    });
  }

  private framesOf(socket: WebSocket): FrameSocket {
    const { limits, clock } = this.options;
    const rate = newReadRate(limits, clock.monotonicMs());
    const frames = new FrameSocket({ socket, rate, limits, clock, tally: this.tally });
    this.early.add(frames);
    return frames;
  }

  private refusalOf(node: NodePublicKey): Refusal | undefined {
    const standing = this.options.admission.standing(node.id);
    if (standing === 'stranger') return 'unknown-key';
    return standing === 'candidate' && this.candidates >= this.options.limits.candidates
      ? 'too-many-candidates'
      : undefined;
  }

  private open(frames: FrameSocket, met: { node: NodePublicKey; dialedBy: NodeId }): void {
    const { self, limits, clock, admission } = this.options;
    const { node, dialedBy } = met;
    this.early.delete(frames);
    const link = this.link(node.id);
    const isCandidate = admission.standing(node.id) === 'candidate';
    if (isCandidate) this.candidates++;
    const socket = new PeerSocket({
      socket: frames,
      self: self.id,
      peer: node.id,
      dialedBy,
      use: link.use,
      limits,
      clock,
      tally: this.tally,
      budget: this.budget,
      standing: () => admission.standing(node.id),
      handle: (from, message) => this.handler(from, message),
      ended: (ended, end) => {
        if (isCandidate) this.candidates--;
        link.ended(ended, end);
        if (link.isIdle) this.links.delete(node.id);
        if (this.socketCount() === 0) this.whenNoSockets?.();
      },
    });
    if (isCandidate) {
      clock.after(limits.candidateMs, () => {
        if (frames.isOpen && admission.standing(node.id) !== 'member') frames.refuse('not-admitted');
      });
    }
    if (dialedBy === self.id) link.dialed();
    link.add(socket);
  }
}
