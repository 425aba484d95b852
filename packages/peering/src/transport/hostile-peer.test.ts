// Peers that are enrolled and misbehave: refused, counted, and neither the node nor its other peers suffer.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Message } from '../calls.ts';
import { CHUNK_BYTES, encodeChunk, FRAME_BYTES } from './frame.ts';
import type { TransportLimits } from './limits.ts';
import type { NodeIdentity } from './node-identity.ts';
import { RawPeer } from './testing/raw-peer.ts';
import { newIdentity, startNode, type TestNode, TestRoster } from './testing/test-nodes.ts';

const peers: RawPeer[] = [];
const nodes: TestNode[] = [];
let roster: TestRoster;
let hostile: NodeIdentity;

beforeEach(() => {
  roster = new TestRoster();
  hostile = newIdentity();
  roster.members.set(hostile.id, { id: hostile.id, host: '127.0.0.1', port: 1 });
});

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  const friend = await startNode({ roster });
  for (const node of nodes) {
    const asked = friend.transport.request(node.contact, { t: 'test.ask', body: 'alive' });
    await expect(asked).resolves.toMatchObject({ body: 'alive' });
    // Nothing of the hostile peer is left: no socket but the friend's, no bytes, no place taken.
    await vi.waitFor(() => expect(node.transport.counters()).toMatchObject({ socketsNow: 1, messageBytesNow: 0 }));
  }
  await Promise.all([friend, ...nodes.splice(0)].map((node) => node.stop()));
});

async function start(limits: Partial<TransportLimits> = {}): Promise<TestNode> {
  const node = await startNode({ roster, limits });
  nodes.push(node);
  return node;
}

async function enter(node: TestNode, identity = hostile): Promise<RawPeer> {
  const peer = new RawPeer(node.contact, identity);
  peers.push(peer);
  return peer.hello();
}

const closedWith = (peer: RawPeer, code: number): Promise<void> =>
  vi.waitFor(() => expect(peer.closeCode).toBe(code), { timeout: 30_000 });

describe('frames', () => {
  it('with a forged `from` end the socket at once', async () => {
    const node = await start();
    const peer = await enter(node);
    peer.say('test.ask', null, { from: node.identity.id });
    await closedWith(peer, 1008);
    expect(node.refused('forged-from')).toBe(1);
  });

  it('that answer what was never asked are counted and dropped, with the bytes beside them', async () => {
    const node = await start();
    const peer = await enter(node);
    for (const re of [1, 2, 99]) peer.say('chord.found', { successor: hostile.id }, { re });
    const id = peer.say('chord.found', null, { re: 7, size: 10 });
    peer.socket.send(encodeChunk({ id, bytes: new Uint8Array(10) }));
    const asked = peer.say('test.ask', 'still here');
    await expect(peer.heard('echo')).resolves.toMatchObject({ re: asked, body: 'still here' });
    expect(node.refused('unsolicited-answer')).toBe(4);
    expect(node.refused('malformed')).toBe(0);
  });

  it('that answer twice are taken once', async () => {
    const node = await start();
    const peer = await enter(node);
    const reply = node.transport.request({ id: hostile.id, host: '127.0.0.1', port: 1 }, { t: 'test.ask', body: 1 });
    const { id } = await peer.heard('test.ask');
    peer.say('answer', 'first', { re: id });
    peer.say('answer', 'second', { re: id });
    await expect(reply).resolves.toMatchObject({ body: 'first' });
    await vi.waitFor(() => expect(node.refused('unsolicited-answer')).toBe(1));
  });

  it('that are larger than 256 KiB end the socket', async () => {
    const node = await start();
    const peer = await enter(node);
    peer.say('test.ask', 'x'.repeat(FRAME_BYTES));
    await closedWith(peer, 1009);
    expect(node.refused('too-large')).toBe(1);
  });

  it.each([
    ['no JSON', '{"v":1'],
    ['deep JSON', '['.repeat(200_000)],
    ['another version', '{"v":2,"id":9,"t":"a","from":"a","ts":1,"body":null}'],
    ['the empty text', ''],
    ['a null', 'null'],
    ['a member that no frame has', `{"v":1,"id":9,"t":"a","from":"${'a'.repeat(64)}","ts":1,"body":null,"x":1}`],
    ['a chunk of no message', encodeChunk({ id: 5, bytes: new Uint8Array(3) })],
    ['a chunk without an id', new Uint8Array(3)],
  ])('that cannot be read (%s) are counted, and end the socket after a few', async (_name, frame) => {
    const node = await start();
    const peer = await enter(node);
    for (let time = 0; time < 3; time++) peer.socket.send(frame);
    await closedWith(peer, 1008);
    expect(node.refused('malformed')).toBe(3);
  });

  it('of the transport itself that come where they have no place are malformed', async () => {
    const node = await start();
    const peer = await enter(node);
    peer.say('hello.answer', null);
    peer.say('link.stop', 'x');
    peer.say('link.other', null, { re: 1 });
    await closedWith(peer, 1008);
    expect(node.refused('malformed')).toBe(3);
  });

  it('that hold more levels than can be written back are refused', async () => {
    const node = await start();
    const peer = await enter(node);
    const body = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    peer.socket.send(`{"v":1,"id":50,"t":"test.ask","from":"${hostile.id}","ts":1,"body":${body}}`);
    await expect(peer.heard('link.refused')).resolves.toMatchObject({ re: 50, body: 'failed' });
  });

  it('over the rate are read later, none is lost', async () => {
    const node = await start({ framesPerSecond: 200 });
    const peer = await enter(node);
    for (let n = 0; n < 500; n++) peer.say('test.ask', n);
    const echoes = (): number => peer.frames.filter((frame) => frame.t === 'echo').length;
    const refused = (): number => peer.frames.filter((frame) => frame.t === 'link.refused').length;
    await vi.waitFor(() => expect(echoes() + refused()).toBe(500), { timeout: 30_000 });
    expect(node.transport.counters().slowed).toBeGreaterThan(0);
  });
});

describe('bytes', () => {
  it('more than one message may have are refused, and read past', async () => {
    const node = await start({ messageBytes: 1_000 });
    const peer = await enter(node);
    const id = peer.say('test.ask', null, { size: 1_001 });
    peer.socket.send(encodeChunk({ id, bytes: new Uint8Array(1_001) }));
    await expect(peer.heard('link.refused')).resolves.toMatchObject({ re: id, body: 'bytes-too-many' });
    peer.say('test.ask', null);
    await peer.heard('echo');
    expect(node.refused('bytes-too-many')).toBe(1);
  });

  it('more than all may have together are refused, and given back', async () => {
    const node = await start({ allMessageBytes: CHUNK_BYTES });
    const peer = await enter(node);
    const id = peer.say('test.ask', null, { size: 2 * CHUNK_BYTES });
    for (let n = 0; n < 2; n++) peer.socket.send(encodeChunk({ id, bytes: new Uint8Array(CHUNK_BYTES) }));
    await expect(peer.heard('link.refused')).resolves.toMatchObject({ re: id, body: 'bytes-over-budget' });
    expect(node.transport.counters().messageBytesNow).toBe(0);
  });

  it('that are announced and do not come are waited for no longer than they may stall', async () => {
    const node = await start({ stalledBytesMs: 100 });
    const peer = await enter(node);
    const id = peer.say('test.ask', null, { size: 10 * CHUNK_BYTES });
    peer.socket.send(encodeChunk({ id, bytes: new Uint8Array(CHUNK_BYTES) }));
    await expect(peer.heard('link.refused')).resolves.toMatchObject({ re: id, body: 'bytes-stalled' });
    expect(node.transport.counters()).toMatchObject({ messageBytesNow: 0, peers: [{ handledRequests: 0 }] });
  });

  it('of a message whose peer is gone are given back', async () => {
    const node = await start();
    const peer = await enter(node);
    const id = peer.say('test.ask', null, { size: 10 * CHUNK_BYTES });
    peer.socket.send(encodeChunk({ id, bytes: new Uint8Array(CHUNK_BYTES) }));
    await vi.waitFor(() => expect(node.transport.counters().messageBytesNow).toBe(CHUNK_BYTES));
    peer.close();
    await vi.waitFor(() => expect(node.transport.counters().messageBytesNow).toBe(0));
  });
});

describe('a peer that', () => {
  it('asks more at once than it may is told so, and served again afterwards', async () => {
    const node = await start({ handledPerPeer: 2 });
    const answers: ((message: Message) => void)[] = [];
    node.transport.serve(() => new Promise((resolve) => answers.push(resolve)));
    const peer = await enter(node);
    for (let n = 0; n < 3; n++) peer.say('test.ask', n);
    await expect(peer.heard('link.refused')).resolves.toMatchObject({ body: 'busy' });
    for (const answer of answers.splice(0)) answer({ t: 'answer', body: null });
    node.transport.serve((_from, message) => Promise.resolve({ ...message, t: 'echo' }));
    await peer.heard('answer');
    await vi.waitFor(() => expect(node.transport.counters().peers[0]?.handledRequests).toBe(0));
    peer.say('test.ask', 'again');
    await peer.heard('echo');
    expect(node.refused('busy')).toBe(1);
  });

  it('never reads fills one small buffer, and its requests fail', async () => {
    const node = await start({ pingMs: 200 });
    const big = new Uint8Array(16 * 1024 * 1024);
    const peer = await enter(node);
    peer.socket.pause();
    const contact = { id: hostile.id, host: '127.0.0.1', port: 1 };
    const asked = node.transport.request(contact, { t: 'test.ask', body: null, bytes: big }, { timeoutMs: 60_000 });
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, node.transport.counters().peers[0]?.bufferedBytes ?? 0);
    }, 1);
    await expect(asked).rejects.toMatchObject({ why: 'unreachable' });
    clearInterval(watch);
    expect(most).toBeLessThan(2 * 1024 * 1024);
    await vi.waitFor(() => expect(node.downs).toEqual([hostile.id]));
  });

  it('stops answering, its socket open, is down after its missed pings, once', async () => {
    const node = await start({ pingMs: 100 });
    const peer = await enter(node);
    // Reads nothing and answers nothing, as a stopped process does.
    peer.socket.pause();
    await vi.waitFor(() => expect(node.downs).toEqual([hostile.id]), { timeout: 30_000 });
    expect(node.transport.counters()).toMatchObject({ peersDown: 1, socketsNow: 0, dials: 0 });
  });

  it('opens one socket after another has at most a few', async () => {
    const node = await start();
    for (let n = 0; n < 8; n++) {
      await enter(node);
      expect(node.transport.counters().socketsNow).toBeLessThanOrEqual(4);
    }
  });

  it('is no member any more is closed when the roster changes', async () => {
    const node = await start();
    const peer = await enter(node);
    roster.members.delete(hostile.id);
    peer.say('test.ask', null);
    await expect(peer.heard('link.refused')).resolves.toMatchObject({ body: 'not-admitted' });
    node.transport.admissionChanged();
    await closedWith(peer, 1001);
  });

  it('waits to be admitted may ask for nothing but the roster, and not for ever', async () => {
    const candidate = newIdentity();
    roster.candidates.add(candidate.id);
    const node = await start({ candidateMs: 500 });
    const peer = await enter(node, candidate);
    peer.say('store.put', null);
    await expect(peer.heard('link.refused')).resolves.toMatchObject({ body: 'not-admitted' });
    peer.say('roster.join', 'please');
    await expect(peer.heard('echo')).resolves.toMatchObject({ body: 'please' });
    await closedWith(peer, 1008);
    expect(node.downs).toEqual([]);
  });
});
