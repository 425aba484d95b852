// Gives one path of a node:http server's upgrades to the ring and leaves all others to whoever else serves WebSockets there.
// @fastify/websocket answers every upgrade it sees, so it must not see ours: give it `others` as its `options.server`.

import { EventEmitter } from 'node:events';
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Where ring nodes connect. */
export const RING_SOCKET_PATH = '/v1/ring/socket';

/** Takes over an upgrade, or refuses it on the socket. */
export type TakeUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Listens to the server's upgrades. `others` emits 'upgrade' with the same arguments for every other path; without a listener there, they are
 * answered 404. `stop` ends it.
 */
export function splitUpgrades(server: Server, take: TakeUpgrade): { others: EventEmitter; stop: () => void } {
  const others = new EventEmitter();
  const listener = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (request.url?.split('?', 1)[0] === RING_SOCKET_PATH) take(request, socket, head);
    else if (!others.emit('upgrade', request, socket, head)) refuseUpgrade(socket, 404);
  };
  server.on('upgrade', listener);
  return { others, stop: () => server.off('upgrade', listener) };
}

/** How long another listener of the server's upgrades may take to answer one. A guess: a look into a database, on a machine that is busy. */
const ANSWER_MS = 10_000;

/**
 * Refuses an upgrade that nobody here takes. Where the server has other listeners, of another plugin for example, it may be theirs: then it is refused
 * only when nothing was answered after a while, so that its connection does not stay.
 */
export function refuseUnclaimed(server: Server, socket: Duplex): void {
  if (server.listenerCount('upgrade') <= 1) {
    refuseUpgrade(socket, 404);
    return;
  }
  const late = setTimeout(() => {
    if (socket instanceof Socket && socket.bytesWritten === 0) refuseUpgrade(socket, 404);
  }, ANSWER_MS);
  late.unref();
  socket.once('close', () => clearTimeout(late));
}

/** Answers an upgrade with a status and ends its connection. */
export function refuseUpgrade(socket: Duplex, status: number): void {
  // Nothing is to be done about a connection that breaks while it is being refused.
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    socket.destroy(),
  );
}
