// A node that the roster lists and that does not keep to the rules: in the ring it has its place like any other, but what it says about lookups, items
// and readings is false, once it is told to lie. What it says of its own place stays true, or it would just not be in the ring.

import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { Json, Message } from '../../packages/peering/src/calls.ts';
import { CORRECT_RULES, ringView, TIMINGS } from '../../packages/peering/src/chord/index.ts';
import { RING_SETTINGS } from '../../packages/peering/src/index.ts';
import { initialComposed } from '../../packages/peering/src/node/composed.ts';
import { Driver } from '../../packages/peering/src/node/driver.ts';
import { fixedRoster } from '../../packages/peering/src/node/roster-source.ts';
import { type NodeId, parseNodeId } from '../../packages/peering/src/node-id.ts';
import { MemoryReplicaStore } from '../../packages/peering/src/replication/memory-replica-store.ts';
import { parseRosterFile } from '../../packages/peering/src/roster/roster-file.ts';
import { systemClock } from '../../packages/peering/src/transport/clock.ts';
import type { NodeIdentity } from '../../packages/peering/src/transport/node-identity.ts';
import { Transport } from '../../packages/peering/src/transport/transport.ts';
import { splitUpgrades } from '../../packages/peering/src/transport/upgrades.ts';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

export class LyingNode {
  /** Lies told, by the kind of the question. */
  readonly lies = new Map<string, number>();
  private readonly driver: Driver;
  private readonly transport: Transport;
  private readonly server: Server;
  private readonly others: readonly NodeId[];
  private isLying = false;

  private constructor(parts: { driver: Driver; transport: Transport; server: Server; others: readonly NodeId[] }) {
    this.driver = parts.driver;
    this.transport = parts.transport;
    this.server = parts.server;
    this.others = parts.others;
    this.transport.onPeerDown((id) => this.driver.take({ kind: 'suspect', id }));
    this.transport.serve((_from, message) => this.answer(_from, message));
  }

  /** Starts it where the roster says that it is; it joins the ring, and tells the truth. */
  static async start(identity: NodeIdentity, rosterText: string): Promise<LyingNode> {
    const roster = parseRosterFile(rosterText, identity);
    const { admission } = fixedRoster(roster);
    const contact = admission.contactOf(identity.id);
    const ringId = parseNodeId(roster.ringId);
    if (!contact || !ringId) throw new Error('the roster does not list this node');
    const shared = { limits: RING_SETTINGS.limits, clock: systemClock(), random: Math.random, log: SILENT };
    const transport = new Transport({ ...shared, self: identity, admission, localAddress: contact.host });
    const state = initialComposed({
      self: contact,
      roster: new Map(roster.contacts.map((each) => [each.id, each])),
      signer: { ringId, nodeKey: identity.raw, sign: identity.sign },
      chord: { r: roster.r, timings: TIMINGS, rules: CORRECT_RULES },
      replication: {
        ...RING_SETTINGS.replication,
        replicas: Math.min(RING_SETTINGS.replication.replicas, roster.r + 1),
      },
    });
    const nothing = () => undefined;
    const driver = new Driver(state, {
      ...shared,
      transport,
      store: new MemoryReplicaStore(),
      output: nothing,
      stepped: nothing,
    });
    const server = createServer();
    splitUpgrades(server, (request, socket, head) => transport.takeUpgrade(request, socket, head));
    await new Promise<void>((resolve) => server.listen(contact.port, contact.host, resolve));
    const others = roster.contacts.map(({ id }) => id).filter((id) => id !== identity.id);
    const node = new LyingNode({ driver, transport, server, others });
    driver.take({ kind: 'start' });
    return node;
  }

  lie(): void {
    this.isLying = true;
  }

  async stop(): Promise<void> {
    this.driver.stop();
    await this.transport.close();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async answer(from: NodeId, request: Message): Promise<Message> {
    const lie = this.isLying ? this.lieAbout(request) : undefined;
    const isMine = request.t.startsWith('chord.') || request.t.startsWith('store.');
    const truth = isMine ? await this.driver.ask(from, request) : undefined;
    // What it owns it may own: a node that denies its own place is no member.
    const answer = truth?.t === 'chord.mine' ? truth : (lie ?? truth);
    if (!answer) throw new Error('nobody asks this node that');
    if (answer === lie) this.lies.set(request.t, (this.lies.get(request.t) ?? 0) + 1);
    return answer;
  }

  /** Undefined: about this it tells the truth. */
  private lieAbout({ t, body }: Message): Message | undefined {
    switch (t) {
      case 'chord.route':
        return this.falseRoute(textIn(body, 'key'));
      case 'store.get':
        return { t: 'store.item', body: {}, bytes: randomBytes(500) };
      case 'store.records':
        return { t: 'store.found', body: { lengths: [300] }, bytes: randomBytes(300) };
      case 'store.replicate':
        return { t: 'store.receipts', body: { receipts: [falseReceipt(textIn(body, 'key'))] } };
      case 'store.have':
        return { t: 'store.missing', body: { positions: [] } };
      case 'store.compare':
        return {
          t: 'store.differing',
          body: {
            children: [
              { digit: 0, count: 3 },
              { digit: 15, count: 3 },
            ],
          },
        };
      case 'store.list':
        return {
          t: 'store.items',
          body: { items: [itemUnder(textIn(body, 'prefix')), itemUnder(textIn(body, 'until'))] },
        };
      case 'lane.reading': {
        const place = { origin: 'elsewhere.example', leaf_index: 1, sealing: null };
        return { t: 'lane.reading-found', body: { place }, bytes: randomBytes(200) };
      }
      default:
        return undefined;
    }
  }

  /** By turns: the key is its own, nearly the whole circle being so; or somebody else's, in an order that leads back. */
  private falseRoute(key: string): Message {
    const { successors, predecessor } = ringView(this.driver.state.chord);
    const ids = successors.map(({ id }) => id);
    if (Number.parseInt(key.slice(-1), 16) % 2 === 0) {
      return { t: 'chord.mine', body: { predecessor: ids[0] ?? null, successors: ids, closer: [] } };
    }
    const backwards = [...this.others].toSorted().toReversed();
    return { t: 'chord.toward', body: { closer: backwards, owners: backwards, predecessor: predecessor?.id ?? null } };
  }
}

/** A text member of a message's body. */
function textIn(body: Json, name: string): string {
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
  return typeof value === 'string' ? value : '';
}

/** An item that nobody has, under this prefix. */
function itemUnder(prefix: string): Json {
  const key = prefix.padEnd(64, '0');
  return { type: 'value', key, id: key, sizeBytes: 500 };
}

function falseReceipt(key: string): Json {
  const [node, signature] = [randomBytes(32), randomBytes(64)].map((bytes) => bytes.toString('base64'));
  return { node: node ?? '', id: key, size: 500, time: 1, signature: signature ?? '' };
}
