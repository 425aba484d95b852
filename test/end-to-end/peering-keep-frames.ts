// Peering with code of a user's own, as PEERING names it: every frame that a device sends to this receiver is put on the ring as an object, as
// flowchain-ledger's ondata hooks do with `save`.

import { peeringWith, RING_SETTINGS } from '../../packages/peering/src/index.ts';

export const plugin = peeringWith(RING_SETTINGS, ({ hooks, objects }) => {
  hooks.on('data', ({ frame }) => void objects.submit(frame));
});
