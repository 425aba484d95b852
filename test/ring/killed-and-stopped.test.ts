// Seven receivers as processes on addresses of their own, readings flowing into all of them: kill -9, SIGSTOP and a lost database at random, and what
// must hold once the ring has healed.

import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runCli } from '../../packages/cli/src/testing/run-cli.ts';
import { sfc32 } from '../../packages/peering/src/simulator/sfc32.ts';
import { ReadingLoad } from './reading-load.ts';
import { ringOf, unreadableAt, untilForgotten, untilIdeal, untilMembers, untilReplicated } from './ring-checks.ts';
import { type RingMember, RingOfReceivers } from './ring-of-receivers.ts';

const RECEIVERS = 7;
const REPLICAS = 3;
/** Readings that are asked of every receiver, besides each reading of one. */
const SAMPLE = 40;
const PATIENCE = { timeout: 240_000 };

/** Set TELLTALE_SEED to choose the same receivers again. */
const seed = Number(process.env['TELLTALE_SEED'] ?? randomInt(2 ** 32));
const random = sfc32(seed);
const chosen = <Item>(items: readonly Item[]): Item => {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError('nothing to choose from');
  return item;
};

// Only Linux has all of 127.0.0.0/8 without set-up.
describe.runIf(process.platform === 'linux')(`seven receivers in a ring (seed ${seed})`, () => {
  let ring: RingOfReceivers;
  let load: ReadingLoad;

  beforeAll(async () => {
    ring = await RingOfReceivers.start({ receivers: RECEIVERS });
  }, PATIENCE.timeout);
  afterAll(async () => {
    await load?.stopAll();
    const codes = await ring?.remove();
    expect(codes).toEqual(Array.from({ length: RECEIVERS }, () => 0));
  }, PATIENCE.timeout);

  const restOf = (gone: readonly RingMember[]): RingMember[] => ring.members.filter((each) => !gone.includes(each));
  const back = (gone: readonly RingMember[]): Promise<void> =>
    untilMembers(gone.map(({ index }) => ring.member(index)));

  it('found one ring', PATIENCE, async () => {
    await untilIdeal(ring.members);
    expect((await ringOf(ring.member(0))).ring).toMatchObject({ r: 3, replicas: REPLICAS });
    load = new ReadingLoad(ring.members);
  });

  it('go on while two are killed, which come back on their databases', PATIENCE, async () => {
    const first = chosen(ring.members);
    const gone = [first, chosen(restOf([first]))];
    await Promise.all(gone.map(({ index }) => ring.kill(index)));
    await untilForgotten(restOf(gone), gone);
    await Promise.all(gone.map(({ index }) => ring.restart(index)));
    await back(gone);
  });

  it('go on while one after the other is killed and is back before the others miss it', PATIENCE, async () => {
    for (let round = 0; round < 2; round++) {
      const { index } = chosen(ring.members);
      await ring.kill(index);
      await ring.restart(index);
      await untilMembers([ring.member(index)]);
    }
  });

  it('take one that is stopped for dead, and take it in again when it continues', PATIENCE, async () => {
    const stopped = chosen(ring.members);
    process.kill(stopped.process.pid, 'SIGSTOP');
    try {
      await untilForgotten(restOf([stopped]), [stopped]);
    } finally {
      process.kill(stopped.process.pid, 'SIGCONT');
    }
    await untilIdeal(ring.members);
  });

  it('give one its chain back whose database is gone', PATIENCE, async () => {
    const { index, url, folder } = chosen(ring.members);
    await load.stop(index);
    await load.sendToQuorum(index, url);
    const before = await ringOf(ring.member(index));
    await ring.kill(index);
    const variables = await ring.wipe(index);
    const others = restOf([ring.member(index)]).flatMap((member) => ['--ring', member.url]);
    const recovered = await runCli(['recover', ...others, '--ledger-key', join(folder, 'ledger-key.pem'), '--json'], {
      home: folder,
      variables,
    });
    expect(recovered).toMatchObject({ code: 0, stderr: '' });
    const { blocks } = z.object({ blocks: z.number() }).parse(JSON.parse(recovered.stdout));
    expect(blocks).toBeGreaterThanOrEqual(before.lane.next_block);
    await ring.restart(index);
    await untilMembers([ring.member(index)]);
  });

  it('are an ideal ring with three copies of every block afterwards', PATIENCE, async () => {
    await load.stopAll();
    expect(load.acknowledged().length).toBeGreaterThan(100);
    await untilIdeal(ring.members);
    await untilReplicated(ring.members, REPLICAS);
    await untilIdeal(ring.members);
  });

  it('give every reading that one of them acknowledged, whichever is asked', PATIENCE, async () => {
    for (const member of ring.members) {
      const asked = chosen(restOf([member]));
      expect(await unreadableAt(asked, load.acknowledged(member.index))).toEqual([]);
    }
    const sample = Array.from({ length: SAMPLE }, () => chosen(load.acknowledged()));
    for (const member of ring.members) expect(await unreadableAt(member, sample)).toEqual([]);
  });

  it('said two things of no block, and nothing failed in any of them', async () => {
    const views = await Promise.all(ring.members.map(ringOf));
    expect(views.map(({ lane }) => lane.conflicts)).toEqual(views.map(() => 0));
    expect(ring.faults()).toEqual([]);
  });
});
