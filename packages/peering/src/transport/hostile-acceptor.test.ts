// What a node dials may be anything: it is believed only with the key that was looked for.

import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Contact, Message } from '../calls.ts';
import { freshNonce } from './hello.ts';
import { formatNodeKey, type NodeIdentity } from './node-identity.ts';
import { newIdentity, RING, startNode, type TestNode, TestRoster } from './testing/test-nodes.ts';

const ask: Message = { t: 'test.ask', body: null };
let roster: TestRoster;
let node: TestNode;
let liar: NodeIdentity;
let server: Server;
let contact: Contact;
let onSocket: (socket: WebSocket) => void;

beforeEach(async () => {
  roster = new TestRoster();
  node = await startNode({ roster, limits: { helloMs: 300, backOffMs: 1, backOffMostMs: 1 } });
  liar = newIdentity();
  onSocket = () => undefined;
  server = createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => onSocket(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  contact = { id: liar.id, host: '127.0.0.1', port: address.port };
  roster.members.set(liar.id, contact);
});

afterEach(async () => {
  expect(node.transport.counters()).toMatchObject({ socketsNow: 0 });
  await node.stop();
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

function say(socket: WebSocket, t: string, body: unknown, id = 1): void {
  socket.send(JSON.stringify({ v: 1, id, t, from: liar.id, ts: 1, body }));
}

const challenge = (ring = RING) => ({ ring, key: formatNodeKey(liar), nonce: freshNonce() });

describe('a node that dials', () => {
  it('is not fooled by who knows the key of another but cannot sign with it', async () => {
    onSocket = (socket) => {
      say(socket, 'hello.challenge', challenge());
      const signature = Buffer.from(newIdentity().sign(Buffer.from('x'))).toString('base64');
      socket.once('message', () => say(socket, 'hello.welcome', { signature }, 2));
    };
    await expect(node.transport.request(contact, ask)).rejects.toMatchObject({ why: 'unreachable' });
    expect(node.refused('bad-signature')).toBe(1);
  });

  it('signs nothing for another ring', async () => {
    const heard: unknown[] = [];
    onSocket = (socket) => {
      socket.on('message', (data) => heard.push(data));
      say(socket, 'hello.challenge', challenge('cd'.repeat(32)));
    };
    await expect(node.transport.request(contact, ask)).rejects.toMatchObject({ why: 'unreachable' });
    expect(node.refused('wrong-ring')).toBe(1);
    expect(heard).toEqual([]);
  });

  it('waits for a silent acceptor no longer than the hello may take', async () => {
    await expect(node.transport.request(contact, ask)).rejects.toMatchObject({ why: 'unreachable' });
    expect(node.refused('hello-timeout')).toBe(1);
  });

  it('is not kept busy by an acceptor that hangs up after each hello', async () => {
    onSocket = (socket) => socket.close();
    for (let time = 0; time < 3; time++) {
      await vi.waitFor(async () => {
        await expect(node.transport.request(contact, ask)).rejects.toThrow('could not be reached');
      });
    }
    expect(node.transport.counters()).toMatchObject({ dials: 3, dialsFailed: 3, peersDown: 0 });
  });
});
