// Peering as a plugin of the receiver: the whole wiring. The receiver's sealed blocks go to the ring, the ring answers for what this ledger does
// not hold, and what others keep here stands in tables peering_… of this ledger's database.

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PluginContext, ReceiverPlugin, RunningPlugin } from '@telltale/plugin';
import { laneRoutes } from './http/lane-routes.ts';
import { blocksBehind, type RingFacts, ringStatusRoute } from './http/ring-status.ts';
import { LaneCursorStore } from './lane/lane-cursor-store.ts';
import { LaneReader } from './lane/lane-reader.ts';
import { LaneWriter } from './lane/lane-writer.ts';
import { ReadingSearch } from './lane/reading-search.ts';
import { registerRingMetrics } from './metrics/ring-metrics.ts';
import type { Ring } from './node/ring.ts';
import { openNodeKey } from './node-key-file.ts';
import { NodeLock } from './node-lock.ts';
import type { ObjectHooks } from './objects/object-hooks.ts';
import { type ObjectFace, objectRoutes } from './objects/object-routes.ts';
import type { RingObjects } from './objects/ring-objects.ts';
import { type OpenedNode, openRingNode, RING_SETTINGS, type RingSettings, readRosterFile } from './open-ring-node.ts';
import { PostgresReplicaStore } from './replication/postgres-replica-store.ts';
import { RingSeat } from './ring-seat.ts';
import type { Address } from './roster/address.ts';
import { splitUpgrades } from './transport/upgrades.ts';
import { type PeeringConfiguration, parseVariables } from './variables.ts';

/** Of the 3 s that plugins have to stop: one may go to the block under way before, and half a second to closing sockets. */
const LEAVE_MS = 1_400;

/** The ring for code of a user's own, in the receiver's process: objects and their hooks, and the Ring, which a RingChunkStore takes as its place. */
export interface RingFace {
  readonly ring: Ring;
  readonly objects: RingObjects;
  readonly hooks: ObjectHooks;
}

/**
 * Peering for a module that PEERING names. `settings`: times and bounds; RING_SETTINGS are a receiver's. `onStart` is handed the ring once,
 * before the receiver listens: puts fail and reads are `unavailable` until ring.view() says `member`. What it throws stops the receiver.
 */
export function peeringWith(
  settings: RingSettings,
  onStart: (face: RingFace) => void = () => undefined,
): ReceiverPlugin<PeeringConfiguration> {
  return {
    name: 'peering',
    migrations: fileURLToPath(new URL('../migrations', import.meta.url)),
    variables: parseVariables,
    start: (context, configuration) => start(context, { ...configuration, settings, onStart }),
  };
}

/** The plugin that PEERING=1, PEER_ADDR and ROSTER switch on. */
export const plugin: ReceiverPlugin<PeeringConfiguration> = peeringWith(RING_SETTINGS);

async function start(
  context: PluginContext,
  configuration: PeeringConfiguration & {
    readonly settings: RingSettings;
    readonly onStart: (face: RingFace) => void;
  },
): Promise<RunningPlugin> {
  const { settings, onStart } = configuration;
  const { pool, ledger, log, metrics, dataDir, blocks, readings, listen, nowUs } = context;
  const identity = await openNodeKey(configuration.nodeKeyFile ?? join(dataDir, 'node-key.pem'));
  const rosterFile = await readRosterFile(configuration, identity);
  const store = new PostgresReplicaStore(pool);
  const cursor = new LaneCursorStore(pool);
  const position = await cursor.read();

  const seat = new RingSeat({ id: identity.id, ...listen });
  const writer = new LaneWriter({ ring: seat, ledger, blocks, cursor, log, standing: () => seat.standing }, position);
  const lanes = new LaneReader(seat);
  const search = new ReadingSearch({ ring: seat, ledger, readings, store, lanes });
  seat.serve('lane.', (from, message) => search.answer(from, message));

  const laneCounts = () => writer.counts();
  const headIndex = () => blocks.head().blockIndex;
  const behind = () => blocksBehind({ nextBlock: laneCounts().nextBlock, headIndex: headIndex() });
  registerRingMetrics(metrics, { counts: () => seat.counts(), laneCounts, blocksBehind: behind });

  let opened: OpenedNode | undefined;
  let address: Address = configuration.publicAddress ?? listen;
  const lock = new NodeLock({
    pool,
    log,
    async held() {
      await writer.resume();
      opened = await openRingNode(
        { configuration, settings, identity, rosterFile, store, dataDir, localAddress: listen.host, log },
        address,
      );
      seat.take(opened.node, opened.contact);
      log.info({ nodeId: identity.id }, 'ring node started');
      opened.node.start();
    },
    async lost() {
      log.warn({}, 'the database session of the ring node ended: the node stops until it is the only one again');
      opened = undefined;
      await seat.leave()?.stop();
    },
  });

  let upgrades: ReturnType<typeof splitUpgrades> | undefined;
  let face: ObjectFace | undefined;
  return {
    blocksFrom: position.nextBlock,
    async routes(app) {
      upgrades = splitUpgrades(app.server, (request, socket, head) => seat.takeUpgrade(request, socket, head));
      const facts = () => factsOf(opened, settings);
      ringStatusRoute(app, { seat, lane: ledger.lane, laneCounts, headIndex, facts });
      laneRoutes(app, lanes);
      face = await objectRoutes(app, {
        ring: seat,
        // Without a token nobody may fill the ring from outside.
        token: configuration.token ?? randomUUID(),
        upgrades: upgrades.others,
        nowMs: () => Math.floor(nowUs() / 1_000),
        onFailure: (err) => log.error({ err }, 'a listener of an object hook failed'),
      });
      onStart({ ring: seat, objects: face.objects, hooks: face.hooks });
    },
    onListening({ url }) {
      address = configuration.publicAddress ?? { host: listen.host, port: portOf(url) };
      lock.start();
    },
    onBlock: (block) => writer.take(block),
    onQuery: (query, limits) => search.find(query, limits),
    untilReplicated: (leafIndexes, timeoutMs) => writer.untilReplicated(leafIndexes, timeoutMs),
    async stop() {
      await lock.stop();
      await writer.stop();
      // A leave that does not end in time is a plain stop: the ring repairs what it kept.
      await opened?.node.leave(LEAVE_MS);
      await seat.leave()?.stop();
      lock.release();
      face?.channels.stop();
      upgrades?.stop();
    },
  };
}

function factsOf(opened: OpenedNode | undefined, { replication }: RingSettings): RingFacts | undefined {
  const roster = opened?.roster.current;
  if (!roster) return undefined;
  const { ringId: id, r, contacts, version } = roster;
  return {
    id,
    r,
    replicas: Math.min(replication.replicas, r + 1),
    nodes: contacts.length,
    rosterVersion: version ?? null,
  };
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}
