// Nodes that mean well: requests, bytes, one socket a pair, what happens when a node goes away.

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Message } from '../calls.ts';
import { CHUNK_BYTES, FRAME_BYTES } from './frame.ts';
import type { TransportLimits } from './limits.ts';
import { newIdentity, startNode, type TestNode, TestRoster } from './testing/test-nodes.ts';

const nodes: TestNode[] = [];
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
});

async function start(options: Parameters<typeof startNode>[0]): Promise<TestNode> {
  const node = await startNode(options);
  nodes.push(node);
  return node;
}

async function startPair(
  limits: Partial<TransportLimits> = {},
): Promise<{ a: TestNode; b: TestNode; roster: TestRoster }> {
  const roster = new TestRoster();
  const [a, b] = await Promise.all([start({ roster, limits }), start({ roster, limits })]);
  return { a, b, roster };
}

const ask = (body: Message['body'], bytes?: Uint8Array): Message => ({
  t: 'test.ask',
  body,
  ...(bytes ? { bytes } : {}),
});

describe('requests', () => {
  it('are answered, with who was authenticated as their sender', async () => {
    const { a, b } = await startPair();
    b.transport.serve((from, message) => Promise.resolve({ t: 'answer', body: [from, message.body] }));
    await expect(a.transport.request(b.contact, ask({ n: 1 }))).resolves.toEqual({
      t: 'answer',
      body: [a.identity.id, { n: 1 }],
    });
  });

  it('carry bytes of every size both ways, several at a time', async () => {
    const { a, b } = await startPair();
    const sizes = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 5 * CHUNK_BYTES, 3_000_000];
    const sent = sizes.map((size, at) => new Uint8Array(size).fill(at + 1));
    const replies = await Promise.all(
      sent.map((bytes, at) => a.transport.request(b.contact, ask(at, bytes), { timeoutMs: 30_000 })),
    );
    for (const [at, reply] of replies.entries()) {
      expect(reply.body).toBe(at);
      expect(Buffer.compare(reply.bytes ?? Buffer.from('none'), sent[at] ?? Buffer.from('?'))).toBe(0);
    }
    await vi.waitFor(() => expect(b.transport.counters().messageBytesNow).toBe(0));
    expect(a.transport.counters().socketsNow).toBe(1);
  });

  it('use one connection, whoever opened it, however many wait for it', async () => {
    const { a, b } = await startPair();
    await Promise.all(Array.from({ length: 20 }, (_, n) => a.transport.request(b.contact, ask(n))));
    await b.transport.request(a.contact, ask('back'));
    expect(a.transport.counters().dials).toBe(1);
    expect(b.transport.counters().dials).toBe(0);
  });

  it('end as a timeout when no answer comes, and the late answer is counted', async () => {
    const { a, b } = await startPair();
    let answer: (message: Message) => void = () => undefined;
    b.transport.serve(() => new Promise((resolve) => (answer = resolve)));
    await expect(a.transport.request(b.contact, ask(1), { timeoutMs: 200 })).rejects.toMatchObject({ why: 'timeout' });
    answer({ t: 'late', body: null });
    await vi.waitFor(() => expect(a.refused('late-answer')).toBe(1));
  });

  it('end as refused when the handler rejects, and when the message does not fit a frame', async () => {
    const { a, b } = await startPair();
    b.transport.serve(() => Promise.reject(new Error('no')));
    await expect(a.transport.request(b.contact, ask(1))).rejects.toMatchObject({ why: 'refused' });
    expect(b.transport.counters().handlerFailures).toBe(1);
    await expect(a.transport.request(b.contact, ask('x'.repeat(FRAME_BYTES)))).rejects.toMatchObject({
      why: 'refused',
    });
  });

  it('end as unreachable when nobody listens, and at once while the back-off runs', async () => {
    const { a, b } = await startPair({ backOffMs: 60_000, backOffMostMs: 60_000 });
    await b.stop();
    await expect(a.transport.request(b.contact, ask(1))).rejects.toMatchObject({ why: 'unreachable' });
    await expect(a.transport.request(b.contact, ask(2))).rejects.toMatchObject({ why: 'unreachable' });
    expect(a.transport.counters().dials).toBe(1);
  });

  it('end as unreachable when another node listens at that address', async () => {
    const { a, b, roster } = await startPair();
    const contact = { ...b.contact, id: newIdentity().id };
    roster.members.set(contact.id, contact);
    await expect(a.transport.request(contact, ask(1))).rejects.toMatchObject({ why: 'unreachable' });
    expect(a.refused('wrong-node')).toBe(1);
  });
});

describe('a contact that another node named', () => {
  it('is not dialled if it is not in the roster', async () => {
    const { a, b } = await startPair();
    const contact = { ...b.contact, id: newIdentity().id };
    await expect(a.transport.request(contact, ask(1))).rejects.toMatchObject({ why: 'unreachable' });
    expect(a.transport.counters().dials).toBe(0);
  });

  it('is dialled where the roster says, not where it says', async () => {
    const { a, b } = await startPair();
    const contact = { ...b.contact, host: '127.0.0.1', port: 1 };
    await expect(a.transport.request(contact, ask(1))).resolves.toMatchObject({ body: 1 });
  });
});

describe('a pair of nodes', () => {
  it('that dial each other at the same time keep the socket that the lower id dialled, and lose no request', async () => {
    for (let round = 0; round < 10; round++) {
      const { a, b } = await startPair();
      await Promise.all([a.transport.request(b.contact, ask(1)), b.transport.request(a.contact, ask(2))]);
      await vi.waitFor(() => expect([a, b].map((node) => node.transport.counters().socketsNow)).toEqual([1, 1]));
      const lower = a.identity.id < b.identity.id ? a.identity.id : b.identity.id;
      for (const node of [a, b]) {
        expect(node.transport.counters()).toMatchObject({ dials: 1, peers: [{ dialedBy: lower }] });
      }
      await a.transport.request(b.contact, ask(3));
      await b.transport.request(a.contact, ask(4));
      expect([...a.downs, ...b.downs]).toEqual([]);
    }
  });

  it('learns once that the other is down when its socket closes and nobody answers any more', async () => {
    const { a, b } = await startPair();
    await a.transport.request(b.contact, ask(1));
    await b.stop();
    await vi.waitFor(() => expect(a.downs).toEqual([b.identity.id]));
    expect(a.transport.counters()).toMatchObject({ peersDown: 1, socketsNow: 0 });
  });

  it('comes together again by itself when the other is back at once', async () => {
    const { a, b, roster } = await startPair({ backOffMs: 4_000, backOffMostMs: 4_000 });
    await a.transport.request(b.contact, ask(1));
    await b.stop();
    const again = await start({ roster, identity: b.identity, port: b.contact.port });
    await vi.waitFor(() => expect(again.transport.counters().socketsNow).toBe(1), { timeout: 30_000 });
    expect(a.downs).toEqual([]);
    await expect(a.transport.request(b.contact, ask(2))).resolves.toMatchObject({ body: 2 });
  });

  it('lets a request under way end before it closes', async () => {
    const { a, b } = await startPair();
    let answer: (message: Message) => void = () => undefined;
    b.transport.serve(() => new Promise((resolve) => (answer = resolve)));
    const reply = a.transport.request(b.contact, ask(1), { timeoutMs: 30_000 });
    await vi.waitFor(() => expect(b.transport.counters().peers[0]?.handledRequests).toBe(1));
    const stopped = b.stop();
    answer({ t: 'answer', body: 'kept' });
    await expect(reply).resolves.toMatchObject({ body: 'kept' });
    await stopped;
  });
});
