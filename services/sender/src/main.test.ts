// The sender as a process of its own: kills, signals, the IPC channel, a sensor program.

import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ReceiverStandIn } from './testing/receiver-stand-in.ts';
import { endSender, post, type SenderProcess, spawnSender } from './testing/sender-process.ts';
import { temporaryFolders } from './testing/temporary-folder.ts';

const newFolder = temporaryFolders();
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const statusShape = z.object({ produced: z.number(), delivered: z.number(), outbox: z.object({ depth: z.number() }) });
const statusOf = async ({ url }: SenderProcess) => statusShape.parse(await (await fetch(`${url}/status`)).json());

async function start(options: { cwd: string; env: Record<string, string>; hasIpc?: boolean }): Promise<SenderProcess> {
  const sender = await spawnSender(options);
  // A test that fails midway must leave no process behind.
  ends.push(() => sender.child.kill('SIGKILL'));
  return sender;
}

async function startReceiver(): Promise<ReceiverStandIn> {
  const receiver = new ReceiverStandIn();
  await receiver.start();
  ends.push(() => receiver.stop());
  return receiver;
}

describe('the process of the sender', () => {
  it('loses no reading and uses no seq twice when it is killed again and again', async () => {
    const receiver = await startReceiver();
    // Every third answer is lost, so that kills also fall between acceptance and receipt.
    receiver.script = (_envelopes, index) => ({ kind: index % 3 === 1 ? 'lose-answer' : 'accept' });
    const cwd = newFolder();
    const env = { RECEIVER_URL: receiver.url, DELIVERY_BATCH: '20' };
    let producedBeforeKills = 0;
    for (let kill = 0; kill < 3; kill++) {
      const sender = await start({ cwd, env });
      await post(`${sender.url}/start_sending`, { number_of_items_to_send: 7, interval_time: 0.01 });
      let produced = 0;
      await expect
        .poll(
          async () => {
            ({ produced } = await statusOf(sender));
            return produced;
          },
          { timeout: 10_000, interval: 5 },
        )
        .toBeGreaterThan(100);
      producedBeforeKills += produced;
      await endSender(sender, 'SIGKILL');
    }

    const last = await start({ cwd, env });
    await expect.poll(async () => (await statusOf(last)).outbox.depth, { timeout: 15_000 }).toBe(0);
    const { delivered } = await statusOf(last);
    expect(await endSender(last, 'SIGTERM')).toBe(0);

    // What status had reported was committed, so it must have arrived, each message once.
    expect(receiver.accepted.size).toBeGreaterThanOrEqual(producedBeforeKills);
    expect(delivered).toBe(receiver.accepted.size);
    const seqs = new Map<string, number[]>();
    for (const { data } of receiver.accepted.values()) {
      const { device, seq } = z.object({ device: z.string(), seq: z.number() }).parse(JSON.parse(data));
      seqs.set(device, [...(seqs.get(device) ?? []), seq]);
    }
    expect([...seqs.keys()].sort()).toEqual(['Raspberry Pi 1', 'Raspberry Pi 2', 'Raspberry Pi 3']);
    for (const used of seqs.values()) {
      expect(used.sort((a, b) => a - b)).toEqual(Array.from({ length: used.length }, (_, seq) => seq));
    }
  });

  it('takes the lines of SENSOR_COMMAND through to the receiver', async () => {
    const receiver = await startReceiver();
    const line = '{"device":"fridge","seq":4,"celsius":4.50}';
    const env = {
      RECEIVER_URL: receiver.url,
      SENSOR: 'command',
      SENSOR_COMMAND: `echo '${line}'; echo '{"celsius":1}'; sleep 60`,
      SENSOR_DEVICE: 'cellar',
      KEY_ALGORITHM: 'ecdsa-p256',
    };
    const sender = await start({ cwd: newFolder(), env });
    await post(`${sender.url}/start_sending`, { number_of_items_to_send: 10, interval_time: 0.05 });
    await expect.poll(() => receiver.accepted.size, { timeout: 10_000 }).toBe(2);
    expect([...receiver.accepted.values()].map(({ data }) => data)).toEqual([
      line,
      '{"celsius":1, "device": "cellar", "seq": 0}',
    ]);
    expect(await endSender(sender, 'SIGINT')).toBe(0);
  });

  it('says where it listens and where its documentation is', async () => {
    const sender = await start({ cwd: newFolder(), env: {} });
    const entries = sender.log.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(entries.filter(({ msg }) => msg === 'sender listening')).toEqual([
      expect.objectContaining({ url: sender.url, apidocs: `${sender.url}/apidocs` }),
    ]);
    expect(await endSender(sender, 'SIGTERM')).toBe(0);
  });

  it('ends when the process that started it hangs up', async () => {
    const sender = await start({ cwd: newFolder(), env: {}, hasIpc: true });
    const exit = once(sender.child, 'exit');
    sender.child.disconnect();
    expect(await exit).toEqual([0, null]);
  });
});
