// The live node of the ring: the composed reducer with a transport, a store, timers and chance, and the interface that the rest of the plugin
// uses (ring.ts). Whoever makes one gives its takeUpgrade to the receiver's server (transport/upgrades.ts).

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Contact, Message } from '../calls.ts';
import { type ChordTimings, CORRECT_RULES, type LeftEffect, type RingView, ringView } from '../chord/index.ts';
import { type NodeId, parseNodeId } from '../node-id.ts';
import type { ReplicaStore } from '../replication/replica-store.ts';
import type { ReplicationSettings } from '../replication/settings.ts';
import { readRecord, recordKeys, type SignedRecord } from '../replication/signed-record.ts';
import { type ItemType, valueItem } from '../replication/stored-item.ts';
import type { RingRoster } from '../roster/ring-roster.ts';
import { CallFailed } from '../transport/call-failed.ts';
import type { Clock } from '../transport/clock.ts';
import type { TransportLimits } from '../transport/limits.ts';
import type { NodeIdentity } from '../transport/node-identity.ts';
import { Transport } from '../transport/transport.ts';
import { initialComposed } from './composed.ts';
import { Driver, type NodeOutput, type RingLog } from './driver.ts';
import { Gate } from './gate.ts';
import type { Ring, Stored } from './ring.ts';
import { RingChanges } from './ring-changes.ts';
import { countsOf, type RingCounts } from './ring-counts.ts';
import type { RosterSource } from './roster-source.ts';

export interface RingNodeOptions {
  readonly identity: NodeIdentity;
  /** Where the others reach this node. */
  readonly contact: Contact;
  /** Where the receiver listens, so that its dials come from there too. Undefined: the routes decide. */
  readonly localAddress?: string | undefined;
  readonly roster: RosterSource;
  readonly store: ReplicaStore;
  readonly log: RingLog;
  readonly limits: TransportLimits;
  readonly timings: ChordTimings;
  /** `replicas` is how many copies are wanted; a ring whose r is small keeps r + 1. */
  readonly replication: ReplicationSettings;
  readonly clock: Clock;
  /** At least 0 and below 1; cryptoRandom, unless a test wants otherwise. */
  readonly random: () => number;
}

/** How a leave ended. `isComplete`: everything was handed over, and the neighbours know. `isRingTooSmall`: fewer than r + 1 stay. */
export interface Left {
  readonly isComplete: boolean;
  readonly handedOver: number;
  readonly isRingTooSmall: boolean;
}

type Ended = Extract<NodeOutput, { kind: 'put-ended' | 'get-ended' | 'records-ended' }>;

/** Puts and reads of this node that run and that wait. Fewer than replication's MAX_OPEN of 64, which peers share; a body has up to 64 MiB, so
 * few run at once. Guesses. */
const PUTS = { atOnce: 8, mostWaiting: 1_024 };
const READS = { atOnce: 16, mostWaiting: 1_024 };
/** Of a leave's time, what is kept for telling the neighbours: one time-out of 2 s and some more. */
const TELLING_MS = 2_500;
const NOT_STORED: Stored = { outcome: 'failed', receipts: [] };

export class RingNode implements Ring {
  readonly self: NodeId;
  private readonly options: RingNodeOptions;
  private readonly transport: Transport;
  private readonly handlers = new Map<string, (from: NodeId, message: Message) => Promise<Message>>();
  private readonly puts = new Gate(PUTS);
  private readonly reads = new Gate(READS);
  private readonly changes: RingChanges;
  /** Whoever waits for the end of a put or read, by token. */
  private readonly waiting = new Map<string, (ended: Ended | undefined) => void>();
  private nextToken = 1;
  /** Undefined until the roster is known: nobody knows which ring this node is for. */
  private driver: Driver | undefined;
  private leaving: { handedOver: number; isHandedOver: boolean; ended: (left: LeftEffect) => void } | undefined;
  private isStopped = false;

  constructor(options: RingNodeOptions) {
    const { identity, roster, limits, localAddress, clock, random, log } = options;
    this.options = options;
    this.self = identity.id;
    this.changes = new RingChanges(log);
    const { admission } = roster;
    this.transport = new Transport({ self: identity, admission, limits, localAddress, clock, random, log });
    this.transport.serve((from, message) => this.answer(from, message));
    this.transport.onPeerDown((id) => this.driver?.take({ kind: 'suspect', id }));
  }

  /** Takes an upgrade for RING_SOCKET_PATH. */
  takeUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.transport.takeUpgrade(request, socket, head);
  }

  /** Looks for the ring and joins it, or founds it with others: view() and the log tell. The server must be listening. */
  start(): void {
    const { roster } = this.options;
    roster.onChange((newer) => this.takeRoster(newer));
    if (roster.current) this.takeRoster(roster.current);
    roster.start(this.transport);
  }

  /** Hands over what this node keeps, then tells the neighbours; when the time runs short, tells them at once. `stop` comes afterwards. */
  async leave(deadlineMs: number): Promise<Left> {
    const { driver } = this;
    if (!driver || this.leaving || this.isStopped) return { isComplete: false, handedOver: 0, isRingTooSmall: false };
    const { clock, log } = this.options;
    const handOverMs = Math.max(deadlineMs - TELLING_MS, deadlineMs / 2);
    const left = await new Promise<LeftEffect | undefined>((resolve) => {
      const cancels = [
        clock.after(handOverMs, () => driver.take({ kind: 'leave-now' })),
        clock.after(deadlineMs, () => ended(undefined)),
      ];
      const ended = (effect: LeftEffect | undefined): void => {
        for (const cancel of cancels) cancel();
        resolve(effect);
      };
      this.leaving = { handedOver: 0, isHandedOver: false, ended };
      // Who is no member has nobody to hand anything to.
      const isMember = driver.state.chord.mode === 'member';
      driver.take({ kind: isMember ? 'leave' : 'leave-now' });
    });
    const { handedOver, isHandedOver } = this.leaving ?? { handedOver: 0, isHandedOver: false };
    const isRingTooSmall = left?.isRingTooSmall ?? false;
    const result = { isComplete: left !== undefined && isHandedOver, handedOver, isRingTooSmall };
    log.info({ ...result }, 'left the ring');
    return result;
  }

  /** Ends everything; what waits fails. Again: nothing. The store stays open: whoever gave it closes it. */
  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    this.options.roster.stop?.();
    this.driver?.stop();
    for (const end of this.waiting.values()) end(undefined);
    this.waiting.clear();
    await this.transport.close();
  }

  view(): RingView {
    if (this.driver) return ringView(this.driver.state.chord);
    return { self: this.options.contact, mode: 'forming', predecessor: null, successors: [], fingers: [] };
  }

  peers(): readonly NodeId[] {
    const contacts = this.options.roster.current?.contacts ?? [];
    return contacts.map(({ id }) => id).filter((id) => id !== this.self);
  }

  /** What is counted, for metrics and pages. */
  counts(): RingCounts {
    const { wrongTokens = 0 } = this.options.roster;
    return countsOf(this.driver, { transport: this.transport.counters(), wrongTokens });
  }

  async putValue(bytes: Uint8Array): Promise<Stored & { readonly key: NodeId }> {
    const { key } = valueItem(bytes);
    return { key, ...(await this.put({ type: 'value', key, bytes })) };
  }

  async putRecord(bytes: Uint8Array): Promise<Stored> {
    const record = readRecord(bytes);
    if (!record.ok) return NOT_STORED;
    const ends = await Promise.all(recordKeys(record.value).map((key) => this.put({ type: 'record', key, bytes })));
    const has = (outcome: Stored['outcome']): boolean => ends.some((end) => end.outcome === outcome);
    const outcome = has('failed') ? 'failed' : has('superseded') ? 'superseded' : 'stored';
    return { outcome, receipts: ends.flatMap(({ receipts }) => receipts) };
  }

  async getValue(key: NodeId): Promise<Uint8Array | 'missing' | 'unavailable'> {
    const ended = await this.reads.run(() => this.wait((token) => ({ kind: 'get', token, key })), undefined);
    if (ended?.kind !== 'get-ended') return 'unavailable';
    if (ended.outcome === 'found') return ended.bytes ?? 'unavailable';
    return ended.outcome;
  }

  async getRecords(key: NodeId): Promise<{ readonly records: readonly SignedRecord[]; readonly isMajority: boolean }> {
    const ended = await this.reads.run(() => this.wait((token) => ({ kind: 'get-records', token, key })), undefined);
    if (ended?.kind !== 'records-ended') return { records: [], isMajority: false };
    return { records: ended.records, isMajority: ended.isMajority };
  }

  ask(to: NodeId, message: Message, options: { timeoutMs?: number } = {}): Promise<Message> {
    const contact = this.options.roster.admission.contactOf(to);
    if (!contact) return Promise.reject(new CallFailed('unreachable', 'the node is not in the roster'));
    return this.transport.request(contact, message, options);
  }

  serve(prefix: string, handler: (from: NodeId, message: Message) => Promise<Message>): void {
    if (!/^[a-z-]+\.$/.test(prefix) || OWN_PREFIXES.has(prefix) || this.handlers.has(prefix)) {
      throw new RangeError('a prefix is a word of its own and a full stop');
    }
    this.handlers.set(prefix, handler);
  }

  private async put(item: { type: ItemType; key: NodeId; bytes: Uint8Array }): Promise<Stored> {
    const ended = await this.puts.run(() => this.wait((token) => ({ kind: 'put', token, ...item })), undefined);
    return ended?.kind === 'put-ended' ? { outcome: ended.outcome, receipts: ended.receipts } : NOT_STORED;
  }

  /** Gives the reducer an event of a new token and waits for its end; undefined: there is no ring, or the node stopped. */
  private wait(event: (token: string) => Parameters<Driver['take']>[0]): Promise<Ended | undefined> {
    const { driver } = this;
    if (!driver || this.isStopped) return Promise.resolve(undefined);
    const token = String(this.nextToken++);
    return new Promise((resolve) => {
      this.waiting.set(token, resolve);
      driver.take(event(token));
    });
  }

  private async answer(from: NodeId, message: Message): Promise<Message> {
    const prefix = message.t.slice(0, message.t.indexOf('.') + 1);
    if (prefix === 'roster.') return this.options.roster.handle(from, message);
    if (OWN_PREFIXES.has(prefix)) {
      if (!this.driver) throw new Error('this node does not know its ring yet');
      return this.driver.ask(from, message);
    }
    const handler = this.handlers.get(prefix);
    if (!handler) throw new Error('nobody answers such requests');
    return handler(from, message);
  }

  private takeRoster(roster: RingRoster): void {
    const contacts = new Map(roster.contacts.map((contact) => [contact.id, contact]));
    if (!this.driver) {
      this.begin(roster, contacts);
      return;
    }
    const { r } = this.driver.state.chord.settings;
    if (roster.r !== r) this.options.log.warn({ r: roster.r, used: r }, 'the ring has another size now: start again');
    this.driver.take({ kind: 'roster', roster: contacts });
  }

  private begin(roster: RingRoster, contacts: ReadonlyMap<NodeId, Contact>): void {
    const { identity, contact, timings, replication, store, clock, random, limits, log } = this.options;
    const ringId = parseNodeId(roster.ringId);
    if (!ringId) throw new RangeError('a ring id has 64 hex digits');
    const replicas = Math.min(replication.replicas, roster.r + 1);
    const state = initialComposed({
      self: contact,
      roster: contacts,
      signer: { ringId, nodeKey: identity.raw, sign: identity.sign },
      chord: { r: roster.r, timings, rules: CORRECT_RULES },
      replication: { ...replication, replicas },
    });
    const { transport } = this;
    this.driver = new Driver(state, {
      ...{ transport, store, clock, random, limits, log },
      output: (output) => this.take(output),
      stepped: (after) => this.changes.look(after),
    });
    this.driver.take({ kind: 'start' });
  }

  private take(output: NodeOutput): void {
    switch (output.kind) {
      case 'put-ended':
      case 'get-ended':
      case 'records-ended': {
        const end = this.waiting.get(output.token);
        this.waiting.delete(output.token);
        end?.(output);
        return;
      }
      case 'ring-changed':
        this.changes.ringChanged(output.view);
        return;
      case 'ready-to-leave':
        if (!this.leaving) return;
        this.leaving.handedOver = output.handedOver;
        this.leaving.isHandedOver = !output.isAlone;
        return;
      case 'left':
        this.leaving?.ended(output);
        return;
      default:
        output satisfies never;
    }
  }
}

/** Kinds of messages that the node itself answers. */
const OWN_PREFIXES: ReadonlySet<string> = new Set(['chord.', 'store.', 'roster.']);
