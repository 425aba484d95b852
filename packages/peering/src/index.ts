// The public face of @telltale/peering: the plugin, and how to make one with other times.

export { RING_SETTINGS, type RingSettings } from './open-ring-node.ts';
export { peeringWith, plugin } from './plugin.ts';
