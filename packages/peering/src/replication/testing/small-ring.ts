// A ring of replication reducers in one process and on one virtual clock, driven by a seed: messages take random times, nodes die, come
// back, lose their disks, or are cut off. Chord is not run: every node is told its true neighbours, and lookups are always right.

import type { CallFailure, Contact, Message } from '../../calls.ts';
import { between, idOfNode, type NodeId } from '../../node-id.ts';
import type { ReplicationEffect, ReplicationEvent } from '../events.ts';
import { MemoryReplicaStore } from '../memory-replica-store.ts';
import { initialReplication, stepReplication } from '../replication.ts';
import { type ReplicationSettings, SETTINGS } from '../settings.ts';
import type { ReplicationState } from '../state.ts';
import type { ItemName } from '../stored-item.ts';
import { testSigner } from './test-keys.ts';

const TIMEOUT_MS = 2_000;
const SUCCESSORS = 3;

/** Short times, so that a test's minutes are few. */
const QUICK: ReplicationSettings = {
  ...SETTINGS,
  repairMs: 5_000,
  settleMs: 100,
  continueMs: 500,
  holdMs: 8_000,
  retryMs: 200,
};

export interface RingNode {
  readonly contact: Contact;
  readonly store: MemoryReplicaStore;
  state: ReplicationState;
  isUp: boolean;
  /** Nodes reach those of the same side only. */
  side: number;
  /** What a lying node makes of its answers. */
  tamper: ((answer: Message) => Message) | undefined;
  /** Grows when the process ends: what an earlier one had asked for comes to nobody. */
  life: number;
  readonly timers: Map<string, number>;
}

type Ended = Extract<ReplicationEffect, { kind: 'put-ended' | 'get-ended' | 'records-ended' | 'ready-to-leave' }>;

/** Numbers at least 0 and below 1 from a seed (mulberry32). */
function seededRandom(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class SmallRing {
  readonly nodes: RingNode[] = [];
  /** Bytes sent, by kind of message. */
  readonly traffic = new Map<string, number>();
  readonly ended: Ended[] = [];
  readonly random: () => number;
  nowMs = 1_000_000;
  private readonly settings: ReplicationSettings;
  private readonly due: { atMs: number; order: number; run: () => void }[] = [];
  private readonly open = new Map<string, (reply: Message) => void>();
  private order = 0;

  constructor(ring: { nodes: number; seed: number; settings?: Partial<ReplicationSettings> }) {
    this.random = seededRandom(ring.seed);
    this.settings = { ...QUICK, ...ring.settings };
    for (let i = 0; i < ring.nodes; i++) this.addNode();
    this.membersChanged();
  }

  /** A node joins. */
  join(): RingNode {
    const node = this.addNode();
    this.membersChanged();
    return node;
  }

  /** The process ends; the disk stays. */
  kill(node: RingNode): void {
    node.isUp = false;
    node.life++;
    node.timers.clear();
    this.membersChanged();
  }

  revive(node: RingNode): void {
    node.isUp = true;
    node.state = this.fresh(node.contact, this.nodes.indexOf(node));
    this.membersChanged();
  }

  /** Nodes for which `isApart` holds no longer reach the others. */
  partition(isApart: (index: number) => boolean): void {
    for (const [index, node] of this.nodes.entries()) node.side = isApart(index) ? 1 : 0;
    this.membersChanged();
  }

  live(): RingNode[] {
    return this.nodes.filter(({ isUp }) => isUp);
  }

  /** The live nodes that must keep a key. */
  replicasOf(key: NodeId, seenBy?: RingNode): RingNode[] {
    return this.clockwise(key, seenBy).slice(0, this.settings.replicas);
  }

  /** The live nodes that do keep an item. */
  holdersOf({ type, key, id }: Pick<ItemName, 'type' | 'key' | 'id'>): RingNode[] {
    return this.live().filter(({ store }) => {
      const read = store.perform({ kind: 'read', name: { type, key, id } });
      return read.kind === 'read' && read.bytes !== null;
    });
  }

  send(node: RingNode, event: ReplicationEvent): void {
    if (!node.isUp) return;
    const { state, effects } = stepReplication(node.state, event, { nowMs: this.nowMs, random: this.random });
    // Frozen: a step that changed the state it was given would throw at the next one.
    node.state = Object.freeze(state);
    for (const effect of effects) this.act(node, effect);
  }

  run(forMs: number): void {
    const endMs = this.nowMs + forMs;
    for (;;) {
      const next = this.due[0];
      if (!next || next.atMs > endMs) break;
      this.due.shift();
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = endMs;
  }

  /** Sends the event and runs until it has ended; gives the end. */
  ask<Kind extends Ended['kind']>(
    node: RingNode,
    event: ReplicationEvent,
    kind: Kind,
  ): Extract<Ended, { kind: Kind }> | undefined {
    const before = this.ended.length;
    this.send(node, event);
    for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 50) {
      const found = this.ended.slice(before).find((end): end is Extract<Ended, { kind: Kind }> => end.kind === kind);
      if (found) return found;
      this.run(50);
    }
    return undefined;
  }

  private addNode(): RingNode {
    const number = this.nodes.length;
    const id = idOfNode(testSigner(number).nodeKey);
    const contact: Contact = { id, host: '127.0.0.1', port: 1_000 + number };
    const store = new MemoryReplicaStore();
    const state = this.fresh(contact, number);
    const idle = { isUp: true, side: 0, tamper: undefined, life: 0, timers: new Map<string, number>() };
    const node: RingNode = { contact, store, state, ...idle };
    this.nodes.push(node);
    return node;
  }

  private fresh(self: Contact, number: number): ReplicationState {
    const view = { self, predecessor: null, successors: [] };
    return initialReplication({ view, signer: testSigner(number), settings: this.settings });
  }

  private membersChanged(): void {
    const members = new Set(this.nodes.map(({ contact }) => contact.id));
    for (const node of this.live()) {
      const others = this.clockwise(node.contact.id, node).slice(1);
      const predecessor = others.at(-1)?.contact ?? null;
      const successors = others.slice(0, SUCCESSORS).map(({ contact }) => contact);
      this.send(node, { kind: 'roster', members });
      this.send(node, { kind: 'ring', view: { self: node.contact, predecessor, successors } });
    }
  }

  /** Live nodes that `seenBy` reaches, the owner of the key first. */
  private clockwise(key: NodeId, seenBy?: RingNode): RingNode[] {
    const reached = this.live().filter(({ side }) => !seenBy || side === seenBy.side);
    const sorted = reached.toSorted((a, b) => (a.contact.id < b.contact.id ? -1 : 1));
    const first = sorted.findIndex(({ contact }, i) => {
      const before = sorted.at(i - 1)?.contact.id ?? contact.id;
      return key === contact.id || between(before, key, contact.id);
    });
    return [...sorted.slice(first), ...sorted.slice(0, first)];
  }

  private act(node: RingNode, effect: ReplicationEffect): void {
    switch (effect.kind) {
      case 'call':
        this.carry(node, effect);
        return;
      case 'answer':
        this.open.get(effect.re)?.(node.tamper?.(effect.reply) ?? effect.reply);
        return;
      case 'timer': {
        const timer = ++this.order;
        node.timers.set(effect.name, timer);
        this.later(node, effect.afterMs, () => {
          if (node.timers.get(effect.name) !== timer) return;
          node.timers.delete(effect.name);
          this.send(node, { kind: 'timer', name: effect.name });
        });
        return;
      }
      case 'locate':
        this.later(node, this.delayMs(), () => {
          const [owner = node, ...next] = this.clockwise(effect.key, node);
          const successors = next.slice(0, SUCCESSORS).map(({ contact }) => contact);
          this.send(node, { kind: 'located', token: effect.token, owner: owner.contact, successors });
        });
        return;
      case 'store': {
        // Durable at once, answered later: a crash between the two loses the answer only.
        const result = node.store.perform(effect.request);
        this.later(node, this.delayMs(), () => this.send(node, { kind: 'stored', op: effect.op, result }));
        return;
      }
      default:
        this.ended.push(effect);
    }
  }

  private carry(node: RingNode, { call, to, request }: Extract<ReplicationEffect, { kind: 'call' }>): void {
    const re = `${node.contact.port}:${node.life}:${call}`;
    const isReached = (other: RingNode | undefined) => other?.isUp === true && other.side === node.side;
    let isOver = false;
    const end = (how: Message | CallFailure) => {
      if (isOver) return;
      isOver = true;
      this.open.delete(re);
      if (typeof how === 'string') this.send(node, { kind: 'failed', call, why: how });
      else this.send(node, { kind: 'reply', call, reply: how });
    };
    const target = this.nodes.find(({ contact }) => contact.id === to.id);
    this.count(request);
    this.later(node, TIMEOUT_MS, () => end('timeout'));
    this.open.set(re, (reply) => {
      this.count(reply);
      this.later(node, this.delayMs(), () => {
        if (isReached(target)) end(reply);
      });
    });
    this.at(this.delayMs(), () => {
      if (target && isReached(target)) this.send(target, { kind: 'request', re, from: node.contact.id, request });
    });
  }

  private count({ t, body, bytes }: Message): void {
    const sizeBytes = JSON.stringify(body).length + (bytes?.length ?? 0);
    this.traffic.set(t, (this.traffic.get(t) ?? 0) + sizeBytes);
  }

  private delayMs(): number {
    return 1 + Math.floor(this.random() * 20);
  }

  private later(node: RingNode, afterMs: number, run: () => void): void {
    const { life } = node;
    this.at(afterMs, () => {
      if (node.life === life) run();
    });
  }

  private at(afterMs: number, run: () => void): void {
    const entry = { atMs: this.nowMs + afterMs, order: ++this.order, run };
    let index = this.due.length;
    while (index > 0 && (this.due[index - 1]?.atMs ?? 0) > entry.atMs) index--;
    this.due.splice(index, 0, entry);
  }
}
