// A sender that enrols itself at a strict receiver: real processes of both, a real database, a token and a one-time token.

import { createTestDatabase } from '@telltale/database/testing';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { type ReceiverProcess, spawnReceiver } from '../../services/receiver/src/testing/receiver-process.ts';
import { endSender, post, type SenderProcess, spawnSender } from '../../services/sender/src/testing/sender-process.ts';
import { temporaryFolders } from '../../services/sender/src/testing/temporary-folder.ts';

const ENROLLMENT_TOKEN = 'a-token-for-tests-of-enrolment';
const ADMIN_TOKEN = 'a-token-for-tests-of-administration';
const WAIT = { timeout: 30_000, interval: 20 };

const newFolder = temporaryFolders();
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A strict receiver on a database of its own. */
async function startReceiver(variables: Record<string, string> = {}): Promise<ReceiverProcess> {
  const database = await createTestDatabase(inject('testServer'));
  ends.push(() => database.drop());
  const strict = { ENROLLMENT_TOKEN, ADMIN_TOKEN, DATABASE_URL: database.url };
  const receiver = await spawnReceiver({ cwd: newFolder(), variables: { ...strict, ...variables } });
  ends.push(() => receiver.stop());
  return receiver;
}

async function startSender(cwd: string, env: Record<string, string>): Promise<SenderProcess> {
  const sender = await spawnSender({ cwd, env });
  ends.push(() => sender.child.kill('SIGKILL'));
  return sender;
}

type Status = {
  delivered: number;
  outbox: { depth: number; dead_letters: number };
  key: { id: string };
  enrolment: { state: string; reason: string | null };
};
const statusOf = async ({ url }: SenderProcess) => (await (await fetch(`${url}/status`)).json()) as Status;

/** What the receiver's registry says of the sender's key. */
async function enrolledKey(receiver: ReceiverProcess, sender: SenderProcess) {
  const { key } = await statusOf(sender);
  const answer = await fetch(`${receiver.url}/v1/keys/${key.id}`);
  return (await answer.json()) as { devices: { device: string }[]; leaf_index: number };
}

const send = ({ url }: SenderProcess, count: number) =>
  post(`${url}/start_sending`, { number_of_items_to_send: count, interval_time: 86_400 });

describe('a sender with ENROLLMENT_TOKEN at a strict receiver', () => {
  it('enrols its devices, delivers, and never says the token', async () => {
    const receiver = await startReceiver();
    const sender = await startSender(newFolder(), { RECEIVER_URL: receiver.url, ENROLLMENT_TOKEN, LOG_LEVEL: 'trace' });
    await send(sender, 7);
    await expect.poll(async () => (await statusOf(sender)).delivered, WAIT).toBe(7);
    const status = await statusOf(sender);
    expect(status).toMatchObject({ enrolment: { state: 'enrolled', reason: null }, outbox: { dead_letters: 0 } });
    const { devices } = await enrolledKey(receiver, sender);
    expect(devices.map(({ device }) => device).sort()).toEqual(['Raspberry Pi 1', 'Raspberry Pi 2', 'Raspberry Pi 3']);
    expect(JSON.stringify([status, sender.log, receiver.log])).not.toContain(ENROLLMENT_TOKEN);
    expect(await endSender(sender, 'SIGTERM')).toBe(0);
  });

  it('speaks for SENSOR_DEVICE and for readings that name no device', async () => {
    const receiver = await startReceiver();
    const command = { SENSOR: 'command', SENSOR_COMMAND: `echo '{"celsius":4.50}'; sleep 60` };
    for (const more of [{ SENSOR_DEVICE: 'cellar' }, {}]) {
      const env = { RECEIVER_URL: receiver.url, ENROLLMENT_TOKEN, KEY_ALGORITHM: 'ecdsa-p256', ...command, ...more };
      const sender = await startSender(newFolder(), env);
      await post(`${sender.url}/start_sending`, { number_of_items_to_send: 1, interval_time: 0.05 });
      await expect.poll(async () => (await statusOf(sender)).delivered, WAIT).toBe(1);
      expect(await endSender(sender, 'SIGTERM')).toBe(0);
    }
  });

  it('goes on with a one-time token that it has spent', async () => {
    const receiver = await startReceiver();
    const invited = await fetch(`${receiver.url}/v1/invites`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: '{}',
    });
    const { token } = (await invited.json()) as { token: string };
    const folder = newFolder();
    const env = { RECEIVER_URL: receiver.url, ENROLLMENT_TOKEN: token };
    const first = await startSender(folder, env);
    await send(first, 2);
    await expect.poll(async () => (await statusOf(first)).delivered, WAIT).toBe(2);
    const { leaf_index: leafIndex } = await enrolledKey(receiver, first);
    await endSender(first, 'SIGKILL');

    const second = await startSender(folder, env);
    expect((await statusOf(second)).enrolment.state).toBe('enrolled');
    await send(second, 2);
    await expect.poll(async () => (await statusOf(second)).delivered, WAIT).toBe(4);
    expect((await enrolledKey(receiver, second)).leaf_index).toBe(leafIndex);

    const other = await startSender(newFolder(), env);
    await expect.poll(async () => (await statusOf(other)).enrolment.state, WAIT).toBe('refused');
  });

  it('lets readings wait when its token is refused, and delivers all of them with the right one', async () => {
    const receiver = await startReceiver();
    const folder = newFolder();
    const wrong = 'a-token-that-is-not-the-one';
    const first = await startSender(folder, { RECEIVER_URL: receiver.url, ENROLLMENT_TOKEN: wrong });
    await send(first, 5);
    await expect.poll(async () => (await statusOf(first)).enrolment.state, WAIT).toBe('refused');
    await expect.poll(async () => (await statusOf(first)).outbox, WAIT).toMatchObject({ depth: 5, dead_letters: 0 });
    expect((await statusOf(first)).enrolment.reason).toContain('the token is not known');
    const refusals = first.log.filter((line) => line.includes('enrolment refused'));
    expect(refusals).toHaveLength(1);
    expect(first.log.join()).not.toContain(wrong);
    expect(await endSender(first, 'SIGTERM')).toBe(0);

    const second = await startSender(folder, { RECEIVER_URL: receiver.url, ENROLLMENT_TOKEN });
    await expect.poll(async () => (await statusOf(second)).delivered, WAIT).toBe(5);
    expect((await statusOf(second)).outbox).toMatchObject({ depth: 0, dead_letters: 0 });
  });

  it('waits for a receiver that is away, and enrols again where another ledger takes its place', async () => {
    const first = await startReceiver();
    const folder = newFolder();
    const sender = await startSender(folder, { RECEIVER_URL: first.url, ENROLLMENT_TOKEN });
    await send(sender, 2);
    await expect.poll(async () => (await statusOf(sender)).delivered, WAIT).toBe(2);
    await first.stop();
    await send(sender, 3);
    await expect.poll(async () => (await statusOf(sender)).outbox.depth, WAIT).toBe(3);

    const second = await startReceiver({ PORT: new URL(first.url).port });
    await expect.poll(async () => (await statusOf(sender)).delivered, WAIT).toBe(5);
    expect((await statusOf(sender)).outbox).toMatchObject({ depth: 0, dead_letters: 0 });
    expect((await enrolledKey(second, sender)).devices).toHaveLength(3);
  });
});
