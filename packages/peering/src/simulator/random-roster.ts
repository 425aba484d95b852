// Nodes for simulations: identifiers by chance of a seed, addresses that nobody dials.

import type { Contact } from '../calls.ts';
import { type NodeId, nodeIdOf } from '../node-id.ts';
import { sfc32 } from './sfc32.ts';

/** So many nodes, by ascending identifier. */
export function randomRoster(nodes: number, seed: number): Contact[] {
  // Another stream than the simulator's own, which takes the seed as it is.
  const random = sfc32(seed + 0x6e6f6465);
  return Array.from({ length: nodes }, () => randomId(random))
    .sort()
    .map((id) => ({ id, host: 'simulated', port: 1 }));
}

/** 32 bytes by chance. */
export function randomId(random: () => number): NodeId {
  return nodeIdOf(Uint8Array.from({ length: 32 }, () => Math.floor(256 * random())));
}
