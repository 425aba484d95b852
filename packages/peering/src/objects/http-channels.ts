// /object/{id}/send and /object/{id}/viewer: Flowchain's WebSocket paths for devices and for who watches them; and the status of an id.
// They have no /v1: they are the plain face, as Flowchain had it.

import type { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import websocket from '@fastify/websocket';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { problem } from '../http/problem.ts';
import { refuseUnclaimed } from '../transport/upgrades.ts';
import { requireToken } from './bearer-token.ts';
import type { ChannelRole, ChannelStatus, ObjectChannels } from './object-channels.ts';
import { sendFault } from './object-fault.ts';
import type { ObjectLimits } from './object-limits.ts';

/** What an id may look like, so that no path needs decoding. */
const ID = /^[\w.~:-]{1,128}$/;
const SOCKET_PATH = /^\/object\/[\w.~:-]{1,128}\/(?:send|viewer)(?:\?|$)/;

const params = z.object({ id: z.string().regex(ID).describe('1 to 128 letters, digits, _ . ~ : and -') });
type Params = z.output<typeof params>;

const status = z.object({
  id: z.string(),
  senders: z.number(),
  viewers: z.number(),
  frames: z.number().describe('Frames since this node began to keep the id.'),
  last: z
    .object({
      received_at: z.number().describe('Microseconds since the Unix epoch.'),
      size: z.number(),
      text: z.string().optional().describe('A text frame.'),
      base64: z.string().optional().describe('A binary frame.'),
    })
    .nullable(),
});

/**
 * Registers the sockets and the status. `upgrades` emits the server's 'upgrade' events for every path but the ring's own (transport/upgrades.ts): those
 * of other paths than these are answered 404 here, unless somebody else listens too, so that their connections do not stay.
 */
export async function channelsRoutes(
  app: FastifyInstance,
  parts: { channels: ObjectChannels; token: string | undefined; limits: ObjectLimits; upgrades: EventEmitter },
): Promise<void> {
  const { channels, token, limits, upgrades } = parts;
  const tags = ['Ring'];
  await app.register(async (scope) => {
    // Never listens: @fastify/websocket asks for a node:http server to hear upgrades from, and is to hear of ours only.
    const ours = createServer();
    const pass = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      if (SOCKET_PATH.test(request.url ?? '')) ours.emit('upgrade', request, socket, head);
      else refuseUnclaimed(app.server, socket);
    };
    upgrades.on('upgrade', pass);
    await scope.register(websocket, {
      options: { server: ours, maxPayload: limits.frameBytes, perMessageDeflate: false },
      errorHandler: (_error, socket) => {
        channels.noteRefusedFrame();
        // ws closes a socket whose frame it refused; what else fails here ends it.
        if (socket.readyState === socket.OPEN) socket.terminate();
      },
      preClose: (done) => {
        upgrades.off('upgrade', pass);
        void channels.stop().then(() => done());
      },
    });

    const socketRoute = (role: ChannelRole, texts: { summary: string; description: string }): void => {
      scope.route<{ Params: Params }>({
        method: 'GET',
        url: `/object/:id/${role}`,
        exposeHeadRoute: false,
        onRequest: role === 'send' ? requireToken(token) : [],
        preHandler: async (request, reply) => {
          if (!request.ws || channels.hasRoom(request.params.id)) return undefined;
          return sendFault(reply, { code: 'overloaded', message: 'too many sockets are open; connect again later' });
        },
        schema: {
          ...texts,
          tags,
          params,
          response: { 400: problem, 401: problem, 426: problem, 503: problem },
        },
        serializerCompiler: () => (data) => JSON.stringify(data),
        handler: (_request, reply) =>
          sendFault(reply, { code: 'upgrade-required', message: 'this path is a WebSocket' }),
        wsHandler: (socket, request) => channels.add(socket, { id: request.params.id, role }),
      });
    };
    const frames = `Frames are text or binary, at most ${limits.frameBytes} bytes.`;
    socketRoute('send', {
      summary: 'WebSocket of a device',
      description: `Every frame goes to all viewers of the id on this receiver; other receivers of the ring do not hear of it, and nothing of it is kept but the last frame. ${frames} With PEER_TOKEN set it is the bearer token that this needs. A device that is faster than ${limits.framesPerSecond} frames a second is read more slowly.`,
    });
    socketRoute('viewer', {
      summary: 'WebSocket of a viewer',
      description: `Gets every frame that devices send for the id to this receiver, from now on. ${frames} A viewer that does not keep up is dropped.`,
    });
  });

  app.get<{ Params: Params }>(
    '/object/:id/status',
    {
      exposeHeadRoute: false,
      serializerCompiler: () => (data) => JSON.stringify(data),
      schema: {
        summary: 'The last frame of an id',
        description: 'As this receiver has seen it; a restart forgets it.',
        tags,
        params,
        response: { 200: status, 400: problem, 404: problem },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const channel = channels.status(id);
      reply.header('cache-control', 'no-store');
      if (channel) return statusJson(id, channel);
      return sendFault(reply, { code: 'channel-not-found', message: 'nothing was sent for that id lately' });
    },
  );
}

function statusJson(id: string, { senders, viewers, frames, last }: ChannelStatus): z.output<typeof status> {
  if (!last) return { id, senders, viewers, frames, last: null };
  const { frame, isText, receivedAtMs } = last;
  const content = isText ? { text: frame.toString('utf8') } : { base64: frame.toString('base64') };
  return {
    id,
    senders,
    viewers,
    frames,
    last: { received_at: Math.floor(receivedAtMs * 1000), size: frame.length, ...content },
  };
}
