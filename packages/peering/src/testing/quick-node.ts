// One real node on 127.0.0.1 with short times, and its server: what rings of tests are made of.

import { createServer, type Server } from 'node:http';
import type { Contact } from '../calls.ts';
import { cryptoRandom } from '../node/crypto-random.ts';
import type { RingLog } from '../node/driver.ts';
import { RingNode } from '../node/ring-node.ts';
import { fixedRoster } from '../node/roster-source.ts';
import type { ReplicaStore } from '../replication/replica-store.ts';
import type { RingRoster } from '../roster/ring-roster.ts';
import { systemClock } from '../transport/clock.ts';
import type { NodeIdentity } from '../transport/node-identity.ts';
import { QUICK_LIMITS, QUICK_REPLICATION, QUICK_TIMINGS } from './quick-settings.ts';

/** Says nothing. */
export const SILENT: RingLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A node that has not started. */
export function quickNode(options: {
  readonly identity: NodeIdentity;
  readonly contact: Contact;
  readonly store: ReplicaStore;
  readonly roster: RingRoster;
  readonly log: RingLog;
}): RingNode {
  return new RingNode({
    ...options,
    roster: fixedRoster(options.roster),
    limits: QUICK_LIMITS,
    timings: QUICK_TIMINGS,
    replication: QUICK_REPLICATION,
    clock: systemClock(),
    random: cryptoRandom,
  });
}

/** A server on this port, 0 for any that is free. */
export async function listen(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

/** Where it listens. */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return address.port;
}
