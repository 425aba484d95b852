// A server with the objects' routes and sockets, over a ring that is one store in memory.

import fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { WebSocket } from 'ws';
import { type ChunkPlace, localPlace } from '../../chunk-store/chunk-place.ts';
import type { Ring } from '../../node/ring.ts';
import { MemoryReplicaStore } from '../../replication/memory-replica-store.ts';
import { splitUpgrades } from '../../transport/upgrades.ts';
import { OBJECT_LIMITS, type ObjectLimits } from '../object-limits.ts';
import { type ObjectFace, objectRoutes } from '../object-routes.ts';

export interface ObjectServer extends ObjectFace {
  readonly app: FastifyInstance;
  readonly url: string;
  /** What listeners of hooks threw. */
  readonly failures: unknown[];
  /** Opens a WebSocket on the path. Rejects, with the status, when the upgrade is refused. */
  readonly connect: (path: string, headers?: Record<string, string>) => Promise<TestSocket>;
  readonly stop: () => Promise<void>;
}

/** A WebSocket and what came on it. */
export interface TestSocket {
  readonly socket: WebSocket;
  readonly frames: { readonly data: Buffer; readonly isBinary: boolean }[];
  /** The code with which it closed. */
  readonly closed: Promise<number>;
}

/** A ring of one store, which can be told to give other answers. */
export function oneStoreRing(more: Partial<ChunkPlace> = {}): Pick<Ring, 'putValue' | 'getValue'> {
  const onFailure = (error: unknown): void => {
    throw error;
  };
  const place = { ...localPlace({ store: new MemoryReplicaStore(), nowUs: () => 1_000, onFailure }), ...more };
  return {
    putValue: async (bytes) => ({ ...(await place.putValue(bytes)), receipts: [] }),
    getValue: (key) => place.getValue(key),
  };
}

export async function startObjectServer(options: {
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
    connect: (path, headers) => connect(url + path, headers),
    stop: () => app.close(),
  };
}

async function connect(url: string, headers: Record<string, string> = {}): Promise<TestSocket> {
  const socket = new WebSocket(url.replace('http:', 'ws:'), { headers });
  const frames: TestSocket['frames'] = [];
  socket.on('message', (data: Buffer, isBinary) => frames.push({ data, isBinary }));
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => reject(new Error(`status ${response.statusCode}`)));
  });
  // Later errors are told by the close code.
  socket.on('error', () => undefined);
  return { socket, frames, closed };
}
