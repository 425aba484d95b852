// Where a ring socket comes from, as the other side sees it.

import { createServer, type Server } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import type WebSocket from 'ws';
import { dialSocket, sourceOf } from './dial-socket.ts';

let server: Server | undefined;
let socket: WebSocket | undefined;
afterEach(() => {
  socket?.terminate();
  server?.closeAllConnections();
  server?.close();
});

// Only Linux has all of 127.0.0.0/8 without set-up.
it.runIf(process.platform === 'linux')('a dial comes from the address where the receiver listens', async () => {
  const listening = createServer();
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const address = listening.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  const seen = new Promise<string | undefined>((resolve) => {
    listening.on('upgrade', (request) => resolve(request.socket.remoteAddress));
  });
  socket = dialSocket({ host: '127.0.0.1', port: address.port }, { limitMs: 60_000, from: '127.0.0.9' });
  socket.on('error', () => undefined);
  await expect(seen).resolves.toBe('127.0.0.9');
});

it.each([
  ['127.0.0.3', '127.0.0.4', '127.0.0.3'],
  ['10.0.0.3', '192.168.1.4', '10.0.0.3'],
  ['::1', '::1', '::1'],
  ['fd00::3', 'fd00::4', 'fd00::3'],
])('%s is where a dial to %s comes from', (from, host, source) => {
  expect(sourceOf(from, host)).toBe(source);
});

it.each([
  ['no address', undefined, '10.0.0.4'],
  ['every address', '0.0.0.0', '10.0.0.4'],
  ['every address of IPv6', '::', 'fd00::4'],
  ['a name', 'receiver', '10.0.0.4'],
  ['an address, when it dials a name', '10.0.0.3', 'receiver'],
  ['a loopback address, when it dials elsewhere', '127.0.0.1', '10.0.0.4'],
  ['an address that others reach, when it dials a loopback one', '10.0.0.3', '127.0.0.1'],
  ['an address of the other family', '10.0.0.3', 'fd00::4'],
])('the routes decide for a receiver that listens at %s', (_what, from, host) => {
  expect(sourceOf(from, host)).toBeUndefined();
});
