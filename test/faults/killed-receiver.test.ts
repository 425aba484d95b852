// kill -9 of the receiver under load, at any moment: what it answered 200 is in the chain afterwards, once.

import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { postReadings, validateChainOf } from '../../services/receiver/src/testing/post-readings.ts';
import type { ReceiverProcess } from '../../services/receiver/src/testing/receiver-process.ts';
import { makeDevice } from '../../services/receiver/src/testing/test-device.ts';
import { until } from '../../services/receiver/src/testing/until.ts';
import { receiversOfEachTest } from './receivers-of-each-test.ts';

/** Blocks small and early, so that a kill falls into ingest, mining and persisting alike. */
const VARIABLES = { TRANSACTIONS_PER_BLOCK: '3', BLOCK_MAX_WAIT_MS: '20' };

const each = receiversOfEachTest(VARIABLES);
const { start } = each;

/** Lets the lease of a killed sealer run out now, instead of seconds later. */
async function expireLease(): Promise<void> {
  await each.ledger.pool.query('UPDATE sealer_lease SET expires_at = clock_timestamp()');
}

const seals = ({ log }: ReceiverProcess) => log.some(({ msg }) => /^blocks? sealed$/.test(msg));

/** Sends numbered readings, one request after the other, until it is stopped. A request without an answer is not sent again. */
function startLoad(urlOf: () => string, numbers: { next: number }): { accepted: Set<number>; stop(): Promise<void> } {
  const device = makeDevice();
  const accepted = new Set<number>();
  let isStopped = false;
  const run = async () => {
    while (!isStopped) {
      const seqs = Array.from({ length: 5 }, () => numbers.next++);
      const envelopes = seqs.map((seq) => device.envelope(`{"device":"Raspberry Pi 1","seq":${seq}}`));
      try {
        const { statusCode } = await postReadings(urlOf(), `[${envelopes.join(',')}]`);
        if (statusCode === 200) for (const seq of seqs) accepted.add(seq);
      } catch {
        // The receiver is away: that it may be, but not what it does with what it answered.
        await delay(5);
      }
    }
  };
  const ended = run();
  return {
    accepted,
    async stop() {
      isStopped = true;
      await ended;
    },
  };
}

/** The numbers of all sealed readings, in order. */
async function sealedNumbers(url: string): Promise<number[]> {
  const chain = await (await fetch(`${url}/get_chain`)).text();
  return [...chain.matchAll(/"seq":(\d+)/g)].map(([, seq]) => Number(seq));
}

async function expectAllSealedOnce(url: string, accepted: ReadonlySet<number>): Promise<void> {
  await until('nothing is pending', async () => (await validateChainOf(url)).pending === 0);
  const verdict = await validateChainOf(url);
  expect(verdict).toMatchObject({ valid: true, pending: 0 });
  const sealed = await sealedNumbers(url);
  expect(new Set(sealed).size).toBe(sealed.length);
  expect([...accepted].filter((seq) => !sealed.includes(seq))).toEqual([]);
}

describe('a receiver that is killed', () => {
  it('has every reading that it acknowledged in the chain once, after several kills at random moments', async () => {
    let receiver = await start();
    const numbers = { next: 0 };
    const loads = [1, 2, 3].map(() => startLoad(() => receiver.url, numbers));
    for (let round = 0; round < 6; round++) {
      await until('blocks are sealed again', () => seals(receiver));
      await delay(randomInt(100));
      await receiver.kill();
      await expireLease();
      receiver = await start();
    }
    for (const load of loads) await load.stop();
    const accepted = new Set(loads.flatMap((load) => [...load.accepted]));
    expect(accepted.size).toBeGreaterThan(100);
    await expectAllSealedOnce(receiver.url, accepted);
  });

  it('leaves its pending readings to the next start, whatever the chain was doing', async () => {
    let receiver = await start({ TRANSACTIONS_PER_BLOCK: '1000', BLOCK_MAX_WAIT_MS: '0' });
    const load = startLoad(() => receiver.url, { next: 0 });
    await until('some readings are pending', () => load.accepted.size >= 25);
    await load.stop();
    await receiver.kill();
    await expireLease();
    receiver = await start();
    await expectAllSealedOnce(receiver.url, load.accepted);
  });

  it('hands the sealing to the other receiver on its database', async () => {
    const first = await start();
    const numbers = { next: 0 };
    const early = startLoad(() => first.url, numbers);
    await until('the first one seals', () => seals(first));
    const second = await start();
    const load = startLoad(() => second.url, numbers);
    await until('the second one accepts', () => load.accepted.size >= 20);
    expect(seals(second)).toBe(false);
    await first.kill();
    await until('the second one seals', () => seals(second));
    for (const each of [early, load]) await each.stop();
    await expectAllSealedOnce(second.url, new Set([...early.accepted, ...load.accepted]));
  });
});
