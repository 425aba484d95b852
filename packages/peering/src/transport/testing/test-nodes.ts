// Ring nodes on 127.0.0.1 for the transport's tests: a real node:http server each, real sockets, limits as the test wants them.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Contact } from '../../calls.ts';
import type { NodeId } from '../../node-id.ts';
import type { Admission } from '../admission.ts';
import { systemClock } from '../clock.ts';
import type { Refusal } from '../counters.ts';
import { DEFAULT_LIMITS, type TransportLimits } from '../limits.ts';
import { type NodeIdentity, nodeIdentityOf } from '../node-identity.ts';
import { Transport } from '../transport.ts';
import { splitUpgrades } from '../upgrades.ts';

/** The ring of the tests. */
export const RING = 'ab'.repeat(32);

export interface TestNode {
  readonly identity: NodeIdentity;
  readonly contact: Contact;
  readonly transport: Transport;
  readonly downs: NodeId[];
  readonly refused: (reason: Refusal) => number;
  /** Ends the transport and the server. Again: nothing. */
  readonly stop: () => Promise<void>;
}

/** A key for a node. */
export function newIdentity(): NodeIdentity {
  return nodeIdentityOf(generateKeyPairSync('ed25519').privateKey);
}

/** Members of one ring, and what is admitted beside them. Tests change it while nodes run. */
export class TestRoster {
  readonly members = new Map<NodeId, Contact>();
  readonly candidates = new Set<NodeId>();

  admission(ring: string = RING): Admission {
    return {
      ringId: () => ring,
      standing: (id) => (this.members.has(id) ? 'member' : this.candidates.has(id) ? 'candidate' : 'stranger'),
      contactOf: (id) => this.members.get(id),
    };
  }
}

/** Starts a node and makes it a member. It answers each request with the request's own body and bytes. */
export async function startNode(options: {
  roster: TestRoster;
  identity?: NodeIdentity;
  limits?: Partial<TransportLimits>;
  ring?: string;
  port?: number;
  localAddress?: string;
}): Promise<TestNode> {
  const { roster, identity = newIdentity(), limits = {}, ring = RING, port = 0 } = options;
  const transport = new Transport({
    self: identity,
    admission: roster.admission(ring),
    limits: { ...DEFAULT_LIMITS, ...limits },
    localAddress: options.localAddress,
    clock: systemClock(),
    random: Math.random,
    log: { info: () => undefined },
  });
  transport.serve((_from, message) => Promise.resolve({ ...message, t: 'echo' }));
  const downs: NodeId[] = [];
  transport.onPeerDown((id) => downs.push(id));
  const server = createServer();
  splitUpgrades(server, (request, socket, head) => transport.takeUpgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const contact = { id: identity.id, host: '127.0.0.1', port: portOf(server.address()) };
  roster.members.set(identity.id, contact);
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await transport.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    identity,
    contact,
    transport,
    downs,
    refused: (reason) => transport.counters().refused.get(reason) ?? 0,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return address.port;
}
