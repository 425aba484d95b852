// Peers that get the hello wrong, on purpose: refused, counted, and the node goes on.

import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freshNonce } from './hello.ts';
import type { NodeIdentity } from './node-identity.ts';
import { RawPeer } from './testing/raw-peer.ts';
import { newIdentity, RING, startNode, type TestNode, TestRoster } from './testing/test-nodes.ts';

const LIMITS = { socketsBeforeHello: 6, socketsBeforeHelloPerAddress: 4, helloMs: 60_000 };
const peers: RawPeer[] = [];
let roster: TestRoster;
let node: TestNode;
let friend: TestNode;
let enrolled: NodeIdentity;

beforeEach(async () => {
  roster = new TestRoster();
  node = await startNode({ roster, limits: LIMITS });
  friend = await startNode({ roster });
  enrolled = newIdentity();
  roster.members.set(enrolled.id, { id: enrolled.id, host: '127.0.0.1', port: 1 });
});

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  // Whatever happened before, the node answers, and holds nothing of it.
  await vi.waitFor(() => expect(node.transport.counters().socketsBeforeHelloNow).toBe(0));
  const asked = friend.transport.request(node.contact, { t: 'test.ask', body: 'alive' });
  await expect(asked).resolves.toMatchObject({ body: 'alive' });
  await Promise.all([node.stop(), friend.stop()]);
});

function dial(identity: NodeIdentity = enrolled): RawPeer {
  const peer = new RawPeer(node.contact, identity);
  peers.push(peer);
  return peer;
}

async function expectRefused(peer: RawPeer): Promise<void> {
  await vi.waitFor(() => expect(peer.closeCode).toBe(1008));
  expect(peer.frames.map((frame) => frame.t)).toEqual(['hello.challenge']);
}

describe('a node refuses', () => {
  it('a key that is not enrolled', async () => {
    const peer = dial(newIdentity());
    peer.say('hello.answer', await peer.answerBody());
    await expectRefused(peer);
    expect(node.refused('unknown-key')).toBe(1);
  });

  it('a proof that another key made', async () => {
    const peer = dial();
    peer.say('hello.answer', await peer.answerBody(newIdentity()));
    await expectRefused(peer);
    expect(node.refused('bad-signature')).toBe(1);
  });

  it('a hello that was recorded on another socket', async () => {
    const first = dial();
    const recorded = await first.answerBody();
    first.say('hello.answer', recorded);
    await first.heard('hello.welcome');
    const again = dial();
    await again.heard('hello.challenge');
    again.say('hello.answer', recorded);
    await expectRefused(again);
    expect(node.refused('bad-signature')).toBe(1);
  });

  it('a hello to another ring', async () => {
    const peer = dial();
    peer.say('hello.answer', { ...(await peer.answerBody()), ring: 'cd'.repeat(32) });
    await expectRefused(peer);
    expect(node.refused('wrong-ring')).toBe(1);
  });

  it('a hello whose `from` is another member', async () => {
    const peer = dial();
    peer.say('hello.answer', await peer.answerBody(), { from: friend.identity.id });
    await expectRefused(peer);
    expect(node.refused('forged-from')).toBe(1);
  });

  it('its own key', async () => {
    const peer = dial(node.identity);
    peer.say('hello.answer', await peer.answerBody());
    await expectRefused(peer);
    expect(node.refused('wrong-node')).toBe(1);
  });

  it.each([
    ['a request', 'test.ask', null],
    ['an answer without a proof', 'hello.answer', { ring: RING, key: 'AAAA', nonce: freshNonce() }],
    ['a key of no point', 'hello.answer', { ring: RING, key: 'AAAA', nonce: freshNonce(), signature: 'AAAA' }],
    ['a welcome', 'hello.welcome', { signature: 'AAAA' }],
  ])('%s instead of the answer to its challenge', async (_name, t, body) => {
    const peer = dial();
    await peer.heard('hello.challenge');
    peer.say(t, body);
    await expectRefused(peer);
    expect(node.refused('hello-malformed')).toBe(1);
  });

  it('bytes before the hello', async () => {
    const peer = dial();
    await peer.heard('hello.challenge');
    peer.socket.send(Buffer.alloc(100));
    await expectRefused(peer);
    expect(node.refused('hello-malformed')).toBe(1);
  });

  it('more sockets of one address than may wait, and takes them again when those are gone', async () => {
    const waiting = [dial(), dial(), dial(), dial()];
    await Promise.all(waiting.map((peer) => peer.heard('hello.challenge')));
    const late = dial();
    await vi.waitFor(() => expect(late.closeCode).toBe(1006));
    expect(node.refused('too-many-of-address')).toBe(1);
    for (const peer of waiting) peer.close();
    await vi.waitFor(() => expect(node.transport.counters().socketsBeforeHelloNow).toBe(0));
    await dial().hello();
  });
});

it('a socket that never says hello is closed when its time is over', async () => {
  const hasty = await startNode({ roster, limits: { helloMs: 50 } });
  const peer = new RawPeer(hasty.contact, enrolled);
  peers.push(peer);
  await expectRefused(peer);
  expect(hasty.refused('hello-timeout')).toBe(1);
  await hasty.stop();
});

it('raw TCP that upgrades to nothing, or breaks off in the middle, leaves nothing behind', async () => {
  const upgrade = 'GET /v1/ring/socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
  const sockets: Socket[] = [];
  const send = (text: string): Promise<string> =>
    new Promise((resolve) => {
      let heard = '';
      const socket = connect(node.contact.port, '127.0.0.1', () => socket.write(text));
      sockets.push(socket);
      socket.on('data', (data) => {
        heard += String(data);
        if (heard.includes('\r\n\r\n')) resolve(heard);
      });
    });
  await expect(send(`${upgrade}\r\n`)).resolves.toMatch(/^HTTP\/1\.1 400 /);
  await expect(send(`${upgrade.replace('/v1/ring/socket', '/other')}\r\n`)).resolves.toMatch(/^HTTP\/1\.1 404 /);
  const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
  await expect(send(`${upgrade}${key}\xff\xff\xff\xff not a frame`)).resolves.toMatch(/^HTTP\/1\.1 101 /);
  for (const socket of sockets) socket.destroy();
});
