// Flowchain's face, put together: objects over HTTP, devices and viewers over WebSocket, and the hooks behind both.

import type { EventEmitter } from 'node:events';
import type { FastifyInstance } from 'fastify';
import type { Ring } from '../node/ring.ts';
import { channelsRoutes } from './http-channels.ts';
import { objectsRoutes } from './http-objects.ts';
import { ObjectChannels } from './object-channels.ts';
import { ObjectHooks } from './object-hooks.ts';
import { OBJECT_LIMITS, type ObjectLimits } from './object-limits.ts';
import { RingObjects } from './ring-objects.ts';

export interface ObjectFace {
  readonly objects: RingObjects;
  readonly hooks: ObjectHooks;
  readonly channels: ObjectChannels;
}

/**
 * Registers every route. `token`: the bearer token that submitting and sending need; undefined: everybody may. `upgrades`: the `others` of
 * splitUpgrades(app.server, …). `app` must not have @fastify/websocket already. The sockets end when the app closes, or with `channels.stop()`.
 */
export async function objectRoutes(
  app: FastifyInstance,
  parts: {
    ring: Pick<Ring, 'putValue' | 'getValue'>;
    token: string | undefined;
    upgrades: EventEmitter;
    nowMs: () => number;
    /** A listener of a hook threw. */
    onFailure: (error: unknown) => void;
    limits?: ObjectLimits;
  },
): Promise<ObjectFace> {
  const { ring, token, upgrades, nowMs, onFailure, limits = OBJECT_LIMITS } = parts;
  const hooks = new ObjectHooks(onFailure);
  const objects = new RingObjects({ ring, hooks, limits });
  const channels = new ObjectChannels({ limits, hooks, nowMs });
  objectsRoutes(app, { objects, token, limits });
  await channelsRoutes(app, { channels, token, limits, upgrades });
  return { objects, hooks, channels };
}
