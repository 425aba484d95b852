// A node in a process of its own, so that a test can stop and continue it as a whole: says where it listens, is told the roster, and runs until
// its parent ends it.

import { generateKeyPairSync } from 'node:crypto';
import { z } from 'zod';
import { parseNodeId } from '../node-id.ts';
import { MemoryReplicaStore } from '../replication/memory-replica-store.ts';
import { nodeIdentityOf } from '../transport/node-identity.ts';
import { splitUpgrades } from '../transport/upgrades.ts';
import { listen, portOf, quickNode, SILENT } from './quick-node.ts';

const nodeId = z.string().transform((text) => parseNodeId(text) ?? z.NEVER);
const rosterSchema = z.object({
  ringId: z.string(),
  r: z.int(),
  contacts: z.array(z.object({ id: nodeId, host: z.string(), port: z.int() })),
});

const identity = nodeIdentityOf(generateKeyPairSync('ed25519').privateKey);
const server = await listen(0);
const contact = { id: identity.id, host: '127.0.0.1', port: portOf(server) };
process.once('disconnect', () => process.exit());
process.once('message', (message) => {
  const roster = rosterSchema.parse(message);
  const node = quickNode({ identity, contact, store: new MemoryReplicaStore(), roster, log: SILENT });
  splitUpgrades(server, (request, socket, head) => node.takeUpgrade(request, socket, head));
  node.start();
});
process.send?.(contact);
