// Peering against what every plugin must hold to, in a trial ring with a boot node that stays; and what its routes and metrics say.

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testPlugin } from '@telltale/plugin/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RingNode } from './node/ring-node.ts';
import { openNodeKey } from './node-key-file.ts';
import { openRingNode } from './open-ring-node.ts';
import { plugin } from './plugin.ts';
import { MemoryReplicaStore } from './replication/memory-replica-store.ts';
import { splitUpgrades } from './transport/upgrades.ts';
import { parseVariables } from './variables.ts';

const PEER_TOKEN = 'a-token-of-a-trial-ring';
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

let folder: string;
let server: Server;
let boot: RingNode;
let environment: Record<string, string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'telltale-boot-'));
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const configuration = parseVariables({ PEER_TOKEN });
  const identity = await openNodeKey(join(folder, 'node-key.pem'));
  const parts = { configuration, identity, rosterFile: undefined, dataDir: folder, log: SILENT };
  const opened = await openRingNode({ ...parts, store: new MemoryReplicaStore() }, { host: '127.0.0.1', port });
  boot = opened.node;
  splitUpgrades(server, (request, socket, head) => boot.takeUpgrade(request, socket, head));
  boot.start();
  environment = { PEER_TOKEN, PEER_ADDR: `127.0.0.1:${port}` };
});

afterEach(async () => {
  await boot.stop();
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  await rm(folder, { recursive: true });
});

describe('peering', () => testPlugin(() => ({ plugin, environment })));

describe('a node key', () => {
  it('is made once, for its owner alone, and is the same at the next start', async () => {
    const file = join(folder, 'new', 'node-key.pem');
    const [first, second] = await Promise.all([openNodeKey(file), openNodeKey(file)]);
    expect(second.id).toBe(first.id);
    expect((await openNodeKey(file)).id).toBe(first.id);
    expect(first.id).not.toBe(boot.self);
  });
});
