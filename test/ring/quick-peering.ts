// Peering as receivers of these tests load it: the receiver's own times for everything but how often copies are compared, or a test would wait two
// minutes until a copy too many is gone. Reads RING_ROSTER, as ROSTER would load the plugin with its usual times.

import { peeringWith, RING_SETTINGS } from '../../packages/peering/src/index.ts';

const { replication } = RING_SETTINGS;
const peering = peeringWith({
  ...RING_SETTINGS,
  replication: { ...replication, repairMs: 4_000, continueMs: 1_000, holdMs: 6_000 },
});

export const plugin: typeof peering = {
  ...peering,
  variables: (environment) => {
    const parsed = peering.variables?.({ ...environment, ROSTER: environment['RING_ROSTER'] });
    if (!parsed) throw new Error('peering reads its variables');
    return parsed;
  },
};
