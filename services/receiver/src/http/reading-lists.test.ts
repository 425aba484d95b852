// Many readings under one signature, over a real receiver: lists and SenML packs are one transaction each, count in the gaps of their device, are
// shown resolved beside what was signed, and verify.

import { splitLines, verifyExport } from '@telltale/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deviceOf, untilAllSealed } from '../testing/device-requests.ts';
import { mustAccept, validateChainOf } from '../testing/post-readings.ts';
import { openStoredLedger, type StoredLedger } from '../testing/stored-ledger.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';

const pump = makeDevice();
const pack = (from: number, to: number) =>
  `[${Array.from({ length: to - from }, (_, i) => `{"device":"pack","seq":${from + i},"bn":"pump/","n":"flow", "v":${i}.50}`).join(',')}]`;

let receiver: TestReceiver;
let stored: StoredLedger;

beforeAll(async () => {
  receiver = await startTestReceiver({ variables: { TRANSACTIONS_PER_BLOCK: '1', BLOCK_MAX_WAIT_MS: '0' } });
  stored = await openStoredLedger(receiver);
});
afterAll(async () => {
  await stored.close();
  await receiver.stop();
});

const answer = z.looseObject({
  seq: z.number().nullable(),
  device: z.string(),
  received_at: z.number(),
  clock_offset: z.number().nullable(),
  data: z.unknown(),
  resolved: z.unknown().optional(),
});

async function readingOf(message: string) {
  const [receipt] = await mustAccept(receiver.url, pump.envelope(message));
  const text = await (await fetch(`${receiver.url}/v1/readings/${receipt?.transaction_id}`)).text();
  return { text, reading: answer.parse(JSON.parse(text)) };
}

describe('a message of many readings', () => {
  it('is one transaction, and sent again the same one', async () => {
    const [first] = await mustAccept(receiver.url, pump.envelope(pack(0, 10)));
    const [again] = await mustAccept(receiver.url, pump.envelope(pack(0, 10)));
    const again2 = await mustAccept(receiver.url, `[${pump.envelope(pack(0, 10))},${pump.envelope(pack(0, 10))}]`);
    expect([again, ...again2].map((receipt) => receipt?.leaf_index)).toEqual(Array(3).fill(first?.leaf_index));
    await untilAllSealed(stored);
    expect(await deviceOf(receiver.url, 'pack')).toMatchObject({ readings: 10, last_seq: 9, gaps: [], duplicates: 0 });
  });

  it('has its numbers counted across packs, gaps and duplicates among them', async () => {
    await mustAccept(receiver.url, pump.envelope(pack(15, 20)));
    await mustAccept(receiver.url, pump.envelope('{"device":"pack","seq":21}'));
    await untilAllSealed(stored);
    expect(await deviceOf(receiver.url, 'pack')).toMatchObject({
      readings: 16,
      last_seq: 21,
      gaps: [
        { from: 10, to: 15 },
        { from: 20, to: 21 },
      ],
      missing: 6,
    });
    await mustAccept(receiver.url, `[${pump.envelope(pack(9, 13))},${pump.envelope(pack(13, 16))}]`);
    await untilAllSealed(stored);
    expect(await deviceOf(receiver.url, 'pack')).toMatchObject({
      gaps: [{ from: 20, to: 21 }],
      duplicates: 2,
    });
  });

  it('counts once where one number, or none, stands for all of it', async () => {
    await mustAccept(receiver.url, pump.envelope('[{"device":"once","seq":1,"bn":"a","v":1},{"v":2},{"v":3}]'));
    await mustAccept(receiver.url, pump.envelope('[{"device":"once","x":1},{"x":2}]'));
    await untilAllSealed(stored);
    expect(await deviceOf(receiver.url, 'once')).toMatchObject({ readings: 2, last_seq: 1, missing: 0 });
  });

  it('is shown as it was signed, with a pack’s records resolved', async () => {
    const message =
      '[{"bn":"pump/","bt":1.7e9,"bu":"Cel","device":"pump", "seq":3,"n":"t","v":21.50},{"n":"t","t":-10,"v":2e1},{"n":"open","u":"/","vb":true}]';
    const { text, reading } = await readingOf(message);
    expect(text).toContain(`"data":${message}`);
    expect(reading).toMatchObject({ device: 'pump', seq: 3 });
    expect(reading.clock_offset).toBe(1_700_000_000_000_000 - reading.received_at);
    expect(reading.resolved).toEqual([
      { name: 'pump/t', unit: 'Cel', value: 21.5, time: 1_700_000_000_000_000 },
      { name: 'pump/t', unit: 'Cel', value: 20, time: 1_699_999_990_000_000 },
      { name: 'pump/open', unit: '/', boolean: true, time: 1_700_000_000_000_000 },
    ]);
  });

  it('is shown with the values of a list, at the times that its elements say', async () => {
    const { reading } = await readingOf('[{"device":"pump","timestamp":1700000000,"t":1},{"t":2,"seq":7}]');
    expect(reading).toMatchObject({ device: 'pump', seq: 7 });
    expect(reading.resolved).toEqual([
      { name: 't', value: 1, time: 1_700_000_000_000_000 },
      { name: 't', value: 2, time: reading.received_at },
    ]);
  });

  it('says nothing of the device’s clock by times relative to now', async () => {
    const { reading } = await readingOf('[{"device":"pump","bn":"a","t":-5,"v":1}]');
    expect(reading.clock_offset).toBeNull();
    expect(reading.resolved).toEqual([{ name: 'a', value: 1, time: reading.received_at - 5_000_000 }]);
  });

  it('is a reading where it is a broken pack, and says why it cannot be resolved', async () => {
    const { reading } = await readingOf('[{"device":"pump","bver":99,"n":"a","v":1}]');
    expect(reading).toMatchObject({ resolved: null, unresolved: { code: 'senml-version' } });
  });

  it('stands in lists of readings, in /get_chain and in the table as one', async () => {
    const message = '[{"device":"shown","seq":1,"x":1},{"seq":2,"x":2}]';
    const [receipt] = await mustAccept(receiver.url, pump.envelope(message));
    await untilAllSealed(stored);
    const page = z
      .object({ readings: z.array(answer) })
      .parse(await (await fetch(`${receiver.url}/v1/readings?device=shown`)).json());
    expect(page.readings).toMatchObject([{ transaction_id: receipt?.transaction_id, seq: 2 }]);
    const chain = z
      .array(z.object({ data: z.unknown() }))
      .parse(await (await fetch(`${receiver.url}/get_chain`)).json());
    expect(chain.flatMap(({ data }) => data)).toContainEqual(JSON.parse(message));
    const table = await (await fetch(`${receiver.url}/v1/export?format=csv&device=shown`)).text();
    expect(table.trimEnd().split('\r\n')).toHaveLength(2);
    expect(table).toContain(`"${message.replaceAll('"', '""')}"`);
  });

  it('is validated, exported and verified, with the gaps that it leaves', async () => {
    await untilAllSealed(stored);
    expect(await validateChainOf(receiver.url)).toMatchObject({ valid: true, fault: null });
    const { body } = await fetch(`${receiver.url}/v1/export`);
    if (!body) throw new Error('the export has no body');
    const verdict = await verifyExport({ lines: splitLines(body), trusted: stored.identity });
    expect(verdict).not.toHaveProperty('fault');
    expect(verdict.sequences.device('pack')?.gaps()).toEqual([{ start: 20, end: 21 }]);
    expect(verdict.sequences.device('pack')?.state()).toMatchObject({ readings: 23, duplicates: 2 });
  });
});
