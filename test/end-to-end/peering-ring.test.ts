// Four receivers, each with a ledger of its own, in one trial ring of real processes: every block and every reading can be had from each of them,
// also when the receiver that accepted it is gone; a second receiver of one database waits; and what a person sees of the ring.

import { decodeBlockBody } from '@telltale/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mustAccept, postReadings, type TestReceipt } from '../../services/receiver/src/testing/post-readings.ts';
import {
  type ReceiverProcess,
  runReceiverToExit,
  spawnReceiver,
} from '../../services/receiver/src/testing/receiver-process.ts';
import { makeDevice } from '../../services/receiver/src/testing/test-device.ts';
import { until } from '../../services/receiver/src/testing/until.ts';
import { makeTestLedger, type TestLedger } from '../faults/ledger-in-a-folder.ts';

const SIZE = 4;
const SHARED = {
  PEER_TOKEN: 'a-token-of-a-ring-of-four',
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
    const more = boot ? { PEER_ADDR: new URL(boot.url).host } : { PEERING: '1' };
    const variables = { ...ledger.variables, ...SHARED, ...more };
    receivers.push(await spawnReceiver({ cwd: ledger.folder, variables }));
  }
});

afterAll(async () => {
  await Promise.all(receivers.map((receiver) => receiver.stop()));
  for (const ledger of ledgers) await ledger.remove();
});

describe('four receivers in a ring', () => {
  it('find each other', async () => {
    await until('all four are members that see each other', async () => {
      const views = await Promise.all(receivers.map(ringOf));
      return views.every(({ mode, members_seen: seen, successors }) => {
        return mode === 'member' && seen === SIZE && successors.length === 2;
      });
    });
    expect((await ringOf(at(receivers, 1))).ring).toMatchObject({ r: 2, replicas: 3, nodes: SIZE });
    expect(at(receivers, 0).log.filter(({ msg }) => msg.includes('trial rings'))).toHaveLength(1);
  });

  it('have each other’s readings once ack=quorum says so, and give every block of every lane', async () => {
    for (const receiver of receivers) await sendToQuorum(receiver, 10);
    await until('no lane is behind', async () => {
      const views = await Promise.all(receivers.map(ringOf));
      return views.every(({ lane: { blocks_behind: behind } }) => behind === 0);
    });
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

  it('show what they count', async () => {
    const text = await (await fetch(`${at(receivers, 1).url}/metrics`)).text();
    expect(text).toContain('telltale_peering_chord_mode{mode="member"} 1');
    expect(text).toContain('telltale_peering_chord_ring_members_seen 4');
    expect(text).toContain('telltale_peering_lane_blocks_behind 0');
    expect(text).toMatch(/telltale_peering_chord_lookup_hops_total [1-9]/);
    expect(text).toContain('telltale_peering_refused_total{reason="unknown-key"} 0');
    expect(text).not.toMatch(/[0-9a-f]{64}/);
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
    await until('the second is a member', async () => (await ringOf(second)).mode === 'member');
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
