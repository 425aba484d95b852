// The steps of compose.test.ts for `docker compose --profile ring up`: four receivers with a database each find each other, and give each other's
// blocks, also when the one that sealed them is killed. On the same stack, whose images are built already.

import { beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../../packages/peering/src/testing/until.ts';
import type { Stack } from './stack.ts';

/** Nine containers start, on a machine that is busy. */
const upTimeoutMs = 600_000;
const stepTimeoutMs = 180_000;

const status = z.object({
  mode: z.string(),
  members_seen: z.number(),
  lane: z.object({ id: z.string(), next_block: z.number() }),
});
const published = z.record(z.string(), z.array(z.object({ HostIp: z.string() })).nullable());

/** To be called in a `describe`, after the steps of the plain services. */
export function ringSteps(stackOf: () => Stack): void {
  const ringOf = async (url: string | undefined) => status.parse(await (await fetch(`${url}/v1/ring`)).json());

  beforeAll(() => stackOf().upRing(), upTimeoutMs);

  it('is a ring of four', { timeout: stepTimeoutMs }, async () => {
    await until(async () => {
      const views = await Promise.all(stackOf().ring.receiverUrls.map(ringOf));
      return views.every(({ mode, members_seen: seen }) => mode === 'member' && seen === 4);
    }, 'all are members that see each other');
  });

  it.each([1, 2, 3, 4])('publishes receiver %i to this machine alone', async (n) => {
    const text = await stackOf().docker(
      ['inspect', '--format', '{{json .NetworkSettings.Ports}}'],
      `ring-receiver-${n}`,
    );
    const bindings = Object.values(published.parse(JSON.parse(text))).flatMap((all) => all ?? []);
    expect(bindings.map(({ HostIp: address }) => address)).toEqual(['127.0.0.1']);
  });

  it('gives what the sender sent, also without the receiver that sealed it', { timeout: stepTimeoutMs }, async () => {
    const [first, ...others] = stackOf().ring.receiverUrls;
    const schedule = { number_of_items_to_send: 2, interval_time: 0.5 };
    const started = await fetch(`${stackOf().ring.senderUrl}/start_sending`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(schedule),
    });
    expect(started.status).toBe(200);
    await until(async () => (await ringOf(first)).lane.next_block > 2, 'the ring has the second block');
    const { lane } = await ringOf(first);
    await stackOf().docker(['kill'], 'ring-receiver-1');
    for (const url of others) {
      const blockOf = () => fetch(`${url}/v1/ring/lanes/${lane.id}/blocks/2`);
      await until(async () => (await blockOf()).status === 200, `${url} gives the block`);
    }
  });
}
