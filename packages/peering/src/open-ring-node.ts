// Makes this receiver's ring node with its roster: from the ROSTER file, as the boot node of a trial ring, or as a member of one.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contact } from './calls.ts';
import { type ChordTimings, TIMINGS } from './chord/index.ts';
import { cryptoRandom } from './node/crypto-random.ts';
import type { RingLog } from './node/driver.ts';
import { RingNode } from './node/ring-node.ts';
import { fixedRoster, type RosterSource } from './node/roster-source.ts';
import type { ReplicaStore } from './replication/replica-store.ts';
import { type ReplicationSettings, SETTINGS } from './replication/settings.ts';
import type { Address } from './roster/address.ts';
import { BootRoster } from './roster/boot-roster.ts';
import { MemberRoster } from './roster/member-roster.ts';
import { parseRosterFile, type RosterFile } from './roster/roster-file.ts';
import { systemClock } from './transport/clock.ts';
import { DEFAULT_LIMITS, type TransportLimits } from './transport/limits.ts';
import type { NodeIdentity } from './transport/node-identity.ts';
import type { PeeringConfiguration } from './variables.ts';

/** Every time and bound of a node. */
export interface RingSettings {
  readonly limits: TransportLimits;
  readonly timings: ChordTimings;
  readonly replication: ReplicationSettings;
}

/** Those of a receiver. All plugins stop within 3 s (plugin.ts of @telltale/plugin), and the leave comes before: closing gets less than alone. */
export const RING_SETTINGS: RingSettings = {
  limits: { ...DEFAULT_LIMITS, drainMs: 300 },
  timings: TIMINGS,
  replication: SETTINGS,
};

/** A node that is not started, and where its roster is from. */
export interface OpenedNode {
  readonly node: RingNode;
  readonly contact: Contact;
  readonly roster: RosterSource;
}

export interface NodeParts {
  readonly configuration: PeeringConfiguration;
  /** RING_SETTINGS if none are given. */
  readonly settings?: RingSettings;
  readonly identity: NodeIdentity;
  /** Undefined: a trial ring. */
  readonly rosterFile: RosterFile | undefined;
  readonly store: ReplicaStore;
  readonly dataDir: string;
  /** Where the receiver listens. Undefined: the routes decide where dials come from. */
  readonly localAddress?: string;
  readonly log: RingLog;
}

/** The ROSTER file, if there is one. Throws RosterFileError, and what the file system says. */
export async function readRosterFile(
  { ring }: PeeringConfiguration,
  identity: NodeIdentity,
): Promise<RosterFile | undefined> {
  return ring.kind === 'roster' ? parseRosterFile(await readFile(ring.file, 'utf8'), identity) : undefined;
}

/** Opens roster and node. `address`: where others reach it; the ROSTER file knows better. Throws Error for a kept roster that is of no use. */
export async function openRingNode(parts: NodeParts, address: Address): Promise<OpenedNode> {
  const { identity, rosterFile, store, settings = RING_SETTINGS, localAddress, log } = parts;
  const listed = rosterFile?.contacts.find(({ id }) => id === identity.id);
  const contact = listed ?? { id: identity.id, ...address };
  const roster = rosterFile ? fixedRoster(rosterFile) : await openTrial(parts, contact);
  const node = new RingNode({
    identity,
    contact,
    localAddress,
    roster,
    store,
    log,
    ...settings,
    clock: systemClock(),
    random: cryptoRandom,
  });
  return { node, contact, roster };
}

async function openTrial(parts: NodeParts, { host, port }: Contact): Promise<RosterSource> {
  const { configuration, identity: self, dataDir, log } = parts;
  const { ring } = configuration;
  const shared = { self, address: { host, port }, clock: systemClock(), log };
  switch (ring.kind) {
    case 'boot': {
      const { token, ringSize } = ring;
      return BootRoster.open({ ...shared, token, ringSize, path: join(dataDir, 'ring-boot-roster.json') });
    }
    case 'member': {
      const { token, boot } = ring;
      const path = join(dataDir, 'ring-roster.json');
      return MemberRoster.open({ ...shared, token, boot, path, random: cryptoRandom });
    }
    case 'roster':
      throw new Error('a ring with a ROSTER file is no trial ring');
    default:
      return ring satisfies never;
  }
}
