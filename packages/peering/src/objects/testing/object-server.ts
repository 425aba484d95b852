// A server with the objects' routes and sockets, over a ring that is one store in memory.

import fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { afterEach } from 'vitest';
import type { Ring } from '../../node/ring.ts';
import { oneStoreRing } from '../../testing/one-store-ring.ts';
import { splitUpgrades } from '../../transport/upgrades.ts';
import { OBJECT_LIMITS, type ObjectLimits } from '../object-limits.ts';
import { type ObjectFace, objectRoutes } from '../object-routes.ts';
import { connectSocket, type TestSocket } from './test-socket.ts';

export interface ObjectServer extends ObjectFace {
  readonly app: FastifyInstance;
  readonly url: string;
  /** What listeners of hooks threw. */
  readonly failures: unknown[];
  /** Opens a WebSocket on the path. Rejects, with the status, when the upgrade is refused. */
  readonly connect: (path: string, headers?: Record<string, string>) => Promise<TestSocket>;
  readonly stop: () => Promise<void>;
}

async function startObjectServer(options: {
  ring?: Pick<Ring, 'putValue' | 'getValue'>;
  token?: string;
  limits?: Partial<ObjectLimits>;
}): Promise<ObjectServer> {
  const { ring = oneStoreRing(), token, limits = {} } = options;
  const app = fastify({ routerOptions: { maxParamLength: 200 } });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  const failures: unknown[] = [];
  const { others } = splitUpgrades(app.server, (_request, socket) => socket.destroy());
  const face = await objectRoutes(app, {
    ring,
    token,
    upgrades: others,
    nowMs: Date.now,
    onFailure: (error) => failures.push(error),
    limits: { ...OBJECT_LIMITS, ...limits },
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    ...face,
    app,
    url,
    failures,
    connect: (path, headers) => connectSocket(url + path, headers),
    stop: () => app.close(),
  };
}

/** What starts a server in a test; it ends with the test. Called once a file. */
export function objectServers(): (options?: Parameters<typeof startObjectServer>[0]) => Promise<ObjectServer> {
  let server: ObjectServer | undefined;
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });
  return async (options = {}) => {
    server = await startObjectServer(options);
    return server;
  };
}
