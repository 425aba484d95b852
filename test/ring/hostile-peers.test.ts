// Peers that do not keep to the rules, against receivers as processes, over real WebSockets: refused, counted at /metrics, and harmless.

import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseRosterFile } from '../../packages/peering/src/roster/roster-file.ts';
import { until } from '../../packages/peering/src/testing/until.ts';
import { FRAME_BYTES } from '../../packages/peering/src/transport/frame.ts';
import { type NodeIdentity, nodeIdentityOf } from '../../packages/peering/src/transport/node-identity.ts';
import { RawPeer } from '../../packages/peering/src/transport/testing/raw-peer.ts';
import { mustAccept, type TestReceipt } from '../../services/receiver/src/testing/post-readings.ts';
import { makeDevice } from '../../services/receiver/src/testing/test-device.ts';
import { LyingNode } from './lying-node.ts';
import { metricOf, ringOf, unreadableAt, untilIdeal, untilMembers, untilReplicated } from './ring-checks.ts';
import { type RingMember, RingOfReceivers } from './ring-of-receivers.ts';

const RECEIVERS = 4;
const REPLICAS = 3;
const PATIENCE = { timeout: 240_000 };

// Only Linux has all of 127.0.0.0/8 without set-up.
describe.runIf(process.platform === 'linux')('four receivers in a ring for five', () => {
  const device = makeDevice();
  const peers: RawPeer[] = [];
  const receipts: TestReceipt[] = [];
  let seq = 0;
  let ring: RingOfReceivers;
  let hostile: NodeIdentity;
  let ringId: string;
  let liar: LyingNode | undefined;

  beforeAll(async () => {
    // Or it might follow from the keys that the liar has no copies to keep.
    ring = await RingOfReceivers.start({ receivers: RECEIVERS, enrolled: 1, isSpread: true });
    const [place] = ring.enrolled;
    if (!place) throw new Error('nobody is enrolled');
    hostile = place.identity;
    ringId = parseRosterFile(ring.rosterText, hostile).ringId;
    await untilIdeal(ring.members);
    await sendToEach();
  }, PATIENCE.timeout);
  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.close();
    expect(ring.faults()).toEqual([]);
  });
  afterAll(async () => {
    await liar?.stop();
    expect(await ring?.remove()).toEqual(Array.from({ length: RECEIVERS }, () => 0));
  }, PATIENCE.timeout);

  /** Readings that others than the receiver itself keep. */
  async function sendToEach(): Promise<void> {
    for (const { url } of ring.members) {
      const envelopes = Array.from({ length: 5 }, () => device.envelope(`{"device":"pump","seq":${seq++}}`));
      receipts.push(...(await mustAccept(url, `[${envelopes.join(',')}]`, '?ack=quorum')));
    }
  }

  function connect(identity = hostile, as = ringId): RawPeer {
    const { hostname: host, port } = new URL(ring.member(0).url);
    const peer = new RawPeer({ id: ring.member(0).id, host, port: Number(port) }, identity, { ring: as });
    peers.push(peer);
    return peer;
  }

  const closedWith = (peer: RawPeer, code: number): Promise<void> =>
    until(() => peer.closeCode === code, `the socket is closed with ${code}`);
  const refused = (reason: string): Promise<number> => metricOf(ring.member(0), `refused_total{reason="${reason}"}`);

  it('refuse a key that is not in the roster, and one that proves itself for another ring', PATIENCE, async () => {
    const stranger = connect(nodeIdentityOf(generateKeyPairSync('ed25519').privateKey));
    stranger.say('hello.answer', await stranger.answerBody());
    await closedWith(stranger, 1008);
    const elsewhere = connect(hostile, 'ab'.repeat(32));
    elsewhere.say('hello.answer', await elsewhere.answerBody());
    await closedWith(elsewhere, 1008);
    expect(await refused('unknown-key')).toBe(1);
    expect(await refused('wrong-ring')).toBe(1);
  });

  it('refuse a frame in another’s name', PATIENCE, async () => {
    const peer = await connect().hello();
    peer.say('chord.leaving', {}, { from: ring.member(1).id });
    await closedWith(peer, 1008);
    expect(await refused('forged-from')).toBe(1);
  });

  it('drop answers that they did not ask for', PATIENCE, async () => {
    const peer = await connect().hello();
    for (const re of [1, 2, 999]) {
      peer.say('chord.pointers', { predecessor: hostile.id, successors: [hostile.id] }, { re });
      peer.say('chord.mine', { predecessor: null, successors: [hostile.id], closer: [] }, { re });
    }
    peer.say('chord.ping', {});
    await peer.heard('chord.pong');
    expect((await refused('unsolicited-answer')) + (await refused('late-answer'))).toBeGreaterThanOrEqual(4);
  });

  it('end the socket of frames that are too large, or that cannot be read', PATIENCE, async () => {
    const large = await connect().hello();
    large.say('chord.ping', 'x'.repeat(FRAME_BYTES));
    await closedWith(large, 1009);
    const malformed = await connect().hello();
    for (const text of ['{"v":1', '['.repeat(200_000), 'null']) malformed.socket.send(text);
    await closedWith(malformed, 1008);
    expect(await refused('too-large')).toBe(1);
    expect(await refused('malformed')).toBeGreaterThanOrEqual(3);
  });

  it('refuse requests that say nothing, or something false', PATIENCE, async () => {
    const peer = await connect().hello();
    peer.say('chord.form', { members: 'all' });
    await peer.heard('chord.refused');
    peer.say('store.put', { type: 'value', key: hostile.id });
    await expect(peer.heard('store.refused')).resolves.toMatchObject({ body: { code: 'malformed' } });
    peer.say('lane.reading', { transaction_id: 7 });
    await peer.heard('link.refused');
  });

  it('are the ring that they were', PATIENCE, async () => {
    await untilIdeal(ring.members);
    await untilReplicated(ring.members, REPLICAS);
  });

  it('keep their ring and their readings while a member of it lies', PATIENCE, async () => {
    liar = await LyingNode.start(hostile, ring.rosterText);
    await untilIdeal(ring.members, [hostile.id]);
    liar.lie();
    await sendToEach();
    // Not the one after it: without the help of the node before its place nobody joins, and that one may refuse.
    const killed = memberBefore(hostile.id);
    await ring.kill(killed);
    await ring.restart(killed);
    await untilMembers([ring.member(killed)]);
    await sendToEach();
    await untilIdeal(ring.members, [hostile.id]);
    const ids = receipts.map(({ transaction_id: id }) => id);
    for (const member of ring.members) expect(await unreadableAt(member, ids)).toEqual([]);
    expect(await blocksThatDiffer(ring.members)).toEqual([]);
    // It was asked, and what it said was not taken.
    expect([...liar.lies.keys()]).toEqual(expect.arrayContaining(['store.records', 'store.replicate', 'lane.reading']));
    await until(async () => (await sumOf('dht_lies_total')) > 0, 'lies about items are counted');
    await until(async () => (await sumOf('chord_rejected_hops_total')) > 0, 'hops that lead astray are counted');
  });

  it('have three copies of everything among them when it is gone', PATIENCE, async () => {
    await liar?.stop();
    await untilIdeal(ring.members);
    await untilReplicated(ring.members, REPLICAS);
    const views = await Promise.all(ring.members.map(ringOf));
    expect(views.map(({ lane }) => lane.conflicts)).toEqual([0, 0, 0, 0]);
  });

  /** Index of the member whose successor this node is. */
  function memberBefore(id: string): number {
    const ids = ring.members.map((member) => member.id);
    const before = ids.toSorted().findLast((other) => other < id) ?? ids.toSorted().at(-1);
    return ids.indexOf(before ?? id);
  }

  const sumOf = async (name: string): Promise<number> =>
    (await Promise.all(ring.members.map((member) => metricOf(member, name)))).reduce((sum, value) => sum + value, 0);
});

/** Blocks of any lane that some receiver does not give from the ring, or gives otherwise than its own receiver. */
async function blocksThatDiffer(members: readonly RingMember[]): Promise<string[]> {
  const wrong: string[] = [];
  const header = z.object({ hash: z.string() });
  for (const { lane } of await Promise.all(members.map(ringOf))) {
    for (let height = 0; height < lane.next_block; height++) {
      const answers = await Promise.all(
        members.map(async ({ url }) => {
          const answer = await fetch(`${url}/v1/ring/lanes/${lane.id}/blocks/${height}`);
          const bytes = Buffer.from(await answer.arrayBuffer()).toString('base64');
          return `${answer.status} ${header.safeParse({ hash: answer.headers.get('telltale-block-hash') }).data?.hash} ${bytes}`;
        }),
      );
      if (new Set(answers).size !== 1 || !answers[0]?.startsWith('200 ')) {
        wrong.push(`${lane.id} ${height}: ${answers.map((answer) => answer.slice(0, 12)).join(', ')}`);
      }
    }
  }
  return wrong;
}
