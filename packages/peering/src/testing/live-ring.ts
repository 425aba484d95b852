// A small ring in one process: real nodes, transports and sockets on 127.0.0.1, stores in memory, short times. For tests of whatever is built
// on the ring.

import { generateKeyPairSync } from 'node:crypto';
import type { Server } from 'node:http';
import type { Contact } from '../calls.ts';
import { type RingView, successorListLength } from '../chord/index.ts';
import type { Pointers } from '../chord/pointers.ts';
import type { RingLog } from '../node/driver.ts';
import type { RingNode } from '../node/ring-node.ts';
import { type NodeId, owns } from '../node-id.ts';
import { MemoryReplicaStore } from '../replication/memory-replica-store.ts';
import type { ReplicaStore } from '../replication/replica-store.ts';
import type { RingRoster } from '../roster/ring-roster.ts';
import { isIdeal } from '../simulator/ring-checks.ts';
import { type NodeIdentity, nodeIdentityOf } from '../transport/node-identity.ts';
import { splitUpgrades } from '../transport/upgrades.ts';
import { listen, portOf, quickNode, SILENT } from './quick-node.ts';
import { until } from './until.ts';

export interface LiveRingOptions {
  /** The store of the i-th node; in memory if none is given. It survives kill and restart. */
  readonly store?: (index: number) => ReplicaStore;
  /** Called with each node before it starts, also when it starts again: the place to serve() handlers. */
  readonly prepare?: (node: RingNode, index: number) => void;
  readonly log?: RingLog;
  /** Members that run elsewhere; untilIdeal() is about the nodes here alone. */
  readonly others?: readonly Contact[];
}

/** One place of the ring: what stays when its node ends, and its node while it runs. */
interface Seat {
  readonly identity: NodeIdentity;
  readonly contact: Contact;
  readonly store: ReplicaStore;
  server: Server | undefined;
  node: RingNode | undefined;
}

export class LiveRing {
  private readonly seats: readonly Seat[];
  readonly roster: RingRoster;
  private readonly options: LiveRingOptions;

  constructor(seats: readonly Seat[], options: LiveRingOptions) {
    this.seats = seats;
    this.options = options;
    const contacts = [...seats.map(({ contact }) => contact), ...(options.others ?? [])];
    this.roster = { ringId: 'ab'.repeat(32), r: successorListLength(contacts.length), contacts };
    for (const index of seats.keys()) this.run(index);
  }

  /** The i-th node. Throws RangeError while it does not run. */
  node(index: number): RingNode {
    const { node } = this.seat(index);
    if (!node) throw new RangeError('that node does not run');
    return node;
  }

  /** The nodes that run. */
  get nodes(): readonly RingNode[] {
    return this.seats.flatMap(({ node }) => node ?? []);
  }

  store(index: number): ReplicaStore {
    return this.seat(index).store;
  }

  identity(index: number): NodeIdentity {
    return this.seat(index).identity;
  }

  /** Which nodes' stores keep this value, running or not. */
  async holders(key: NodeId): Promise<number[]> {
    const name = { type: 'value' as const, key, id: key };
    const results = await Promise.all(this.seats.map(({ store }) => store.perform({ kind: 'read', name })));
    return results.flatMap((result, index) => (result.kind === 'read' && result.bytes !== null ? [index] : []));
  }

  /** Which running node owns the key, by its own view. */
  ownerOf(key: NodeId): number | undefined {
    const index = this.seats.findIndex(({ node }) => {
      const view = node?.view();
      return view?.predecessor && owns({ predecessor: view.predecessor.id, self: view.self.id }, key);
    });
    return index < 0 ? undefined : index;
  }

  /** The node ends without a word to the others, and its server with it. Its store stays. */
  async kill(index: number): Promise<void> {
    const seat = this.seat(index);
    const { node, server } = seat;
    seat.node = undefined;
    seat.server = undefined;
    await node?.stop();
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  /** Starts a killed node again, at the same address and with the same key and store. */
  async restart(index: number): Promise<void> {
    const seat = this.seat(index);
    if (seat.node) throw new RangeError('that node runs');
    seat.server = await listen(seat.contact.port);
    this.run(index);
  }

  /** Waits until every node that runs is a member and all pointers are right. */
  async untilIdeal(deadlineMs?: number): Promise<void> {
    const isSettled = (): boolean => {
      const views = this.nodes.map((node) => node.view());
      const ring = new Map(views.map((view) => [view.self.id, pointersOf(view)]));
      return views.every(({ mode }) => mode === 'member') && isIdeal(ring, this.roster.r);
    };
    await until(isSettled, 'the ring is ideal', deadlineMs);
  }

  /** Ends every node. */
  async stop(): Promise<void> {
    await Promise.all(this.seats.map((_, index) => this.kill(index)));
  }

  private seat(index: number): Seat {
    const seat = this.seats[index];
    if (!seat) throw new RangeError('the ring has no such node');
    return seat;
  }

  private run(index: number): void {
    const seat = this.seat(index);
    const { identity, contact, store, server } = seat;
    const node = quickNode({ identity, contact, store, roster: this.roster, log: this.options.log ?? SILENT });
    this.options.prepare?.(node, index);
    if (server) splitUpgrades(server, (request, socket, head) => node.takeUpgrade(request, socket, head));
    seat.node = node;
    node.start();
  }
}

/** Starts a ring of so many nodes; it is not ideal yet (untilIdeal). The caller stops it. */
export async function startLiveRing(nodes: number, options: LiveRingOptions = {}): Promise<LiveRing> {
  const seats = await Promise.all(
    Array.from({ length: nodes }, async (_, index): Promise<Seat> => {
      const identity = nodeIdentityOf(generateKeyPairSync('ed25519').privateKey);
      const server = await listen(0);
      const contact = { id: identity.id, host: '127.0.0.1', port: portOf(server) };
      return { identity, contact, store: options.store?.(index) ?? new MemoryReplicaStore(), server, node: undefined };
    }),
  );
  return new LiveRing(seats, options);
}

function pointersOf({ self, predecessor, successors }: RingView): Pointers {
  return { self: self.id, predecessor: predecessor?.id ?? null, successors: successors.map(({ id }) => id) };
}
