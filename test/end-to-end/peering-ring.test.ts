// Four receivers, each with a ledger of its own, in one trial ring of real processes: every block, reading and object can be had from each of
// them, also when the receiver that accepted it is gone; a second receiver of one database waits; and what a person sees of the ring.

import { get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { decodeBlockBody, sha256, toHex, utf8 } from '@telltale/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { connectSocket } from '../../packages/peering/src/objects/testing/test-socket.ts';
import { until } from '../../packages/peering/src/testing/until.ts';
import { mustAccept, postReadings, type TestReceipt } from '../../services/receiver/src/testing/post-readings.ts';
import {
  type ReceiverProcess,
  runReceiverToExit,
  spawnReceiver,
} from '../../services/receiver/src/testing/receiver-process.ts';
import { makeDevice } from '../../services/receiver/src/testing/test-device.ts';
import { makeTestLedger, type TestLedger } from '../faults/ledger-in-a-folder.ts';

const SIZE = 4;
/** Forming and repairing a ring on a machine that is busy. */
const TIMEOUT_MS = 120_000;
const PEER_TOKEN = 'a-token-of-a-ring-of-four';
const KEEP_FRAMES = fileURLToPath(new URL('peering-keep-frames.ts', import.meta.url));
const SHARED = {
  PEER_TOKEN,
  RING_SIZE: String(SIZE),
  TRANSACTIONS_PER_BLOCK: '3',
  BLOCK_MAX_WAIT_MS: '20',
};

const ledgers: TestLedger[] = [];
const receivers: ReceiverProcess[] = [];
const device = makeDevice();

const status = z.object({
  id: z.string(),
  mode: z.string(),
  successors: z.array(z.object({ id: z.string() })),
  members_seen: z.number(),
  ring: z.object({ r: z.number(), replicas: z.number(), nodes: z.number(), roster_version: z.number() }).nullable(),
  lane: z.object({ id: z.string(), next_block: z.number(), blocks_behind: z.number() }),
});
const document = z.object({ paths: z.record(z.string(), z.unknown()) });
const lane = z.object({ lane: z.string(), origin: z.string(), public_key: z.string(), height: z.number() });

const jsonOf = async (url: string): Promise<unknown> => (await fetch(url)).json();
const ringOf = async ({ url }: ReceiverProcess) => status.parse(await jsonOf(`${url}/v1/ring`));
const at = <Item>(items: readonly Item[], index: number): Item => {
  const item = items[index];
  if (item === undefined) throw new RangeError(`there is no item ${index}`);
  return item;
};

/** Sends so many new readings and waits until others have them too. */
let seq = 0;
async function sendToQuorum({ url }: ReceiverProcess, readings: number): Promise<TestReceipt[]> {
  const envelopes = Array.from({ length: readings }, () => device.envelope(`{"device":"pump","seq":${seq++}}`));
  return mustAccept(url, `[${envelopes.join(',')}]`, '?ack=quorum');
}

beforeAll(async () => {
  for (let i = 0; i < SIZE; i++) {
    const ledger = await makeTestLedger();
    ledgers.push(ledger);
    const boot = receivers[0];
    const more = boot
      ? { PEER_ADDR: new URL(boot.url).host, ...(i === 1 && { PEERING: KEEP_FRAMES }) }
      : { PEERING: '1' };
    const variables = { ...ledger.variables, ...SHARED, ...more };
    receivers.push(await spawnReceiver({ cwd: ledger.folder, variables }));
  }
});

afterAll(async () => {
  await Promise.all(receivers.map((receiver) => receiver.stop()));
  for (const ledger of ledgers) await ledger.remove();
});

describe('four receivers in a ring', { timeout: TIMEOUT_MS }, () => {
  it('find each other', async () => {
    await until(async () => {
      const views = await Promise.all(receivers.map(ringOf));
      return views.every(({ mode, members_seen: seen, successors }) => {
        return mode === 'member' && seen === SIZE && successors.length === 2;
      });
    }, 'all four are members that see each other');
    expect((await ringOf(at(receivers, 1))).ring).toMatchObject({ r: 2, replicas: 3, nodes: SIZE });
    expect(at(receivers, 0).log.filter(({ msg }) => msg.includes('trial rings'))).toHaveLength(1);
  });

  it('have each other’s readings once ack=quorum says so, and give every block of every lane', async () => {
    for (const receiver of receivers) await sendToQuorum(receiver, 10);
    await until(async () => {
      const views = await Promise.all(receivers.map(ringOf));
      return views.every(({ lane: { blocks_behind: behind } }) => behind === 0);
    }, 'no lane is behind');
    const views = await Promise.all(receivers.map(ringOf));
    for (const { lane: of } of views) {
      const heads = await Promise.all(receivers.map(({ url }) => jsonOf(`${url}/v1/ring/lanes/${of.id}`)));
      const first = lane.parse(heads[0]);
      expect(first).toMatchObject({ lane: of.id, height: of.next_block - 1 });
      expect(heads).toEqual(receivers.map(() => first));
      for (let height = 0; height <= first.height; height++) await expectSameBlock({ lane: of.id, height });
    }
  });

  it('answer for what no lane has', async () => {
    const { url } = at(receivers, 2);
    const { lane: own } = await ringOf(at(receivers, 2));
    for (const path of [
      `blocks/${'0'.repeat(64)}`,
      `lanes/${'0'.repeat(24)}`,
      `lanes/${own.id}/blocks/${own.next_block + 1}`,
    ]) {
      const answer = await fetch(`${url}/v1/ring/${path}`);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ status: 404, code: 'not-in-ring', type: 'about:blank' });
    }
    const malformed = await fetch(`${url}/v1/ring/lanes/nonsense`);
    expect(malformed.status).toBe(400);
    expect(malformed.headers.get('content-type')).toContain('application/problem+json');
  });

  it('answer clients that offer another protocol with each request, as Java’s do', async () => {
    const headers = {
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AAMAAABkAAQAoAAAAAIAAAAA',
    };
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    get(`${at(receivers, 0).url}/v1/ledger`, { headers, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).on('error', reject);
    expect(await promise).toBe(200);
  });

  it('keep objects for whoever has the token, and give them to everybody', async () => {
    const body = 'any bytes';
    const key = toHex(sha256(utf8(body)));
    const put = (headers: Record<string, string>) =>
      fetch(`${at(receivers, 0).url}/v1/ring/objects/${key}`, { method: 'PUT', body, headers });
    expect((await put({})).status).toBe(401);
    const answer = await put({ authorization: `Bearer ${PEER_TOKEN}` });
    expect(answer.status).toBe(201);
    const { receipts } = z.object({ key: z.literal(key), receipts: z.array(z.unknown()) }).parse(await answer.json());
    expect(receipts.length).toBeGreaterThanOrEqual(2);
    for (const { url } of receivers) {
      const found = await fetch(`${url}/v1/ring/objects/${key}`);
      expect(found.status).toBe(200);
      expect(await found.text()).toBe(body);
    }
    expect((await fetch(`${at(receivers, 3).url}/v1/ring/objects/${'0'.repeat(64)}`)).status).toBe(404);
  });

  it('show what a device sends to those who watch it, and hand it to a user’s own hook, which keeps it on the ring', async () => {
    const { url } = at(receivers, 1);
    const viewer = await connectSocket(`${url}/object/lamp/viewer`);
    const device = await connectSocket(`${url}/object/lamp/send`, { authorization: `Bearer ${PEER_TOKEN}` });
    device.socket.send('{"on":true}');
    const key = toHex(sha256(utf8('{"on":true}')));
    const kept = async (): Promise<boolean> => {
      const found = await fetch(`${at(receivers, 2).url}/v1/ring/objects/${key}`);
      return found.status === 200 && (await found.text()) === '{"on":true}';
    };
    await until(kept, 'another receiver gives the frame as an object');
    expect(viewer.frames.map(({ data }) => data.toString())).toEqual(['{"on":true}']);
    expect(await jsonOf(`${url}/object/lamp/status`)).toMatchObject({ frames: 1, last: { text: '{"on":true}' } });
    for (const { socket } of [viewer, device]) socket.close();
  });

  it('show what they count', async () => {
    const text = await (await fetch(`${at(receivers, 1).url}/metrics`)).text();
    expect(text).toContain('telltale_peering_chord_mode{mode="member"} 1');
    expect(text).toContain('telltale_peering_chord_ring_members_seen 4');
    expect(text).toContain('telltale_peering_lane_blocks_behind 0');
    expect(text).toContain('telltale_peering_object_frames_total 1');
    expect(text).toMatch(/telltale_peering_chord_lookup_hops_total [1-9]/);
    expect(text).toContain('telltale_peering_refused_total{reason="unknown-key"} 0');
    expect(text).not.toMatch(/[0-9a-f]{64}/);
  });

  it('say in their OpenAPI document what a ring adds', async () => {
    const { paths } = document.parse(await jsonOf(`${at(receivers, 1).url}/apidocs/json`));
    const ofRing = Object.keys(paths).filter((path) => path.startsWith('/v1/ring') || path.startsWith('/object/'));
    expect(ofRing.toSorted()).toEqual([
      '/object/{id}/send',
      '/object/{id}/status',
      '/object/{id}/viewer',
      '/v1/ring',
      '/v1/ring/blocks/{hash}',
      '/v1/ring/lanes/{lane}',
      '/v1/ring/lanes/{lane}/blocks/{height}',
      '/v1/ring/objects',
      '/v1/ring/objects/{key}',
    ]);
  });

  it('have one node for each database: a second receiver waits, and takes over', async () => {
    const ledger = at(ledgers, 3);
    const first = at(receivers, 3);
    const boot = new URL(at(receivers, 0).url).host;
    const variables = { ...ledger.variables, ...SHARED, PEER_ADDR: boot };
    const second = await spawnReceiver({ cwd: ledger.folder, variables });
    expect((await ringOf(second)).mode).toBe('standby');
    await first.stop();
    receivers[3] = second;
    await until(async () => (await ringOf(second)).mode === 'member', 'the second is a member');
    await sendToQuorum(second, 4);
  });

  it('give a reading of a receiver that was killed', async () => {
    const gone = at(receivers, 2);
    const { origin } = lane.parse(await jsonOf(`${gone.url}/v1/ring/lanes/${(await ringOf(gone)).lane.id}`));
    const receipts = await sendToQuorum(gone, 3);
    await gone.kill();
    for (const [i, { url }] of receivers.entries()) {
      if (i === 2) continue;
      for (const { transaction_id: id, leaf_index: leafIndex } of receipts) {
        const found = await jsonOf(`${url}/v1/readings/${id}`);
        expect(found).toMatchObject({ transaction_id: id, leaf_index: leafIndex, origin, state: 'sealed' });
      }
    }
  });

  it('still take readings to a quorum without it', async () => {
    await sendToQuorum(at(receivers, 0), 5);
    await sendToQuorum(at(receivers, 1), 5);
  });
});

describe('a receiver whose peering is wrong', () => {
  it('does not start, and says every variable', async () => {
    const ledger = at(ledgers, 0);
    const variables = { ...ledger.variables, PEERING: '1', RING_SIZE: '1000', PEER_TOKEN: 'short' };
    const { code, errorText } = await runReceiverToExit({ cwd: ledger.folder, variables });
    expect(code).toBe(1);
    expect(errorText).toMatch(/^receiver: [^\n]*PEER_TOKEN: must have[^\n]*RING_SIZE: must be[^\n]*\n$/);
  });
});

describe('a receiver without a ring', () => {
  it('takes readings, and says of ack=quorum that they are durable here alone', { timeout: 60_000 }, async () => {
    const ledger = await makeTestLedger();
    const variables = { ...ledger.variables, ...SHARED, PEERING: '1' };
    const receiver = await spawnReceiver({ cwd: ledger.folder, variables });
    try {
      const answer = await postReadings(receiver.url, device.envelope('{"seq":1}'), { query: '?ack=quorum' });
      expect(answer.statusCode).toBe(503);
      await mustAccept(receiver.url, device.envelope('{"seq":2}'));
      expect(await receiver.stop()).toBe(0);
    } finally {
      await receiver.stop();
      await ledger.remove();
    }
  });
});

/** Every receiver gives the same body, by height and by hash. */
async function expectSameBlock(of: { lane: string; height: number }): Promise<void> {
  const bodies: Buffer[] = [];
  for (const { url } of receivers) {
    const byHeight = await fetch(`${url}/v1/ring/lanes/${of.lane}/blocks/${of.height}`);
    expect(byHeight.status).toBe(200);
    expect(byHeight.headers.get('telltale-lane')).toBe(of.lane);
    expect(byHeight.headers.get('telltale-height')).toBe(String(of.height));
    const byHash = await fetch(`${url}/v1/ring/blocks/${byHeight.headers.get('telltale-block-hash')}`);
    bodies.push(Buffer.from(await byHeight.arrayBuffer()), Buffer.from(await byHash.arrayBuffer()));
  }
  expect(bodies).toEqual(bodies.map(() => bodies[0]));
  const decoded = decodeBlockBody(bodies[0] ?? new Uint8Array());
  expect(decoded.ok && decoded.value.leaves.length > 0).toBe(of.height > 0);
}
