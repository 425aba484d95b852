// TLS, user and password between receiver, broker and sender, with a certificate of the test's own authority.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../../services/receiver/src/log.ts';
import { startTestReceiver } from '../../../services/receiver/src/testing/test-receiver.ts';
import { until } from '../../../services/receiver/src/testing/until.ts';
import { endSender, post, spawnSender } from '../../../services/sender/src/testing/sender-process.ts';
import { temporaryFolders } from '../../../services/sender/src/testing/temporary-folder.ts';
import { isWithoutMosquitto, type Mosquitto, startMosquitto } from './mosquitto.ts';

const run = promisify(execFile);
const newFolder = temporaryFolders();
const USER = 'cellar';
const PASSWORD = 'a password with spaces and #';

/** A key and a certificate for 127.0.0.1 in `folder`, signed by itself. */
async function makeCertificate(folder: string): Promise<{ key: string; certificate: string }> {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const subject = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key];
  await run('openssl', ['req', '-x509', ...newKey, '-out', certificate, ...subject]);
  return { key, certificate };
}

describe.skipIf(isWithoutMosquitto)('a broker that asks for TLS, user and password (needs Mosquitto)', () => {
  let folder: string;
  let certificate: string;
  let broker: Mosquitto | undefined;
  let access: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'telltale-mqtt-tls-'));
    const made = await makeCertificate(folder);
    certificate = made.certificate;
    const passwords = join(folder, 'passwords');
    await run('mosquitto_passwd', ['-b', '-c', passwords, USER, PASSWORD]);
    const tls = [`certfile ${certificate}`, `keyfile ${made.key}`];
    broker = await startMosquitto([...tls, 'allow_anonymous false', `password_file ${passwords}`]);
    const MQTT_URL = `mqtts://127.0.0.1:${broker.port}`;
    access = { MQTT_URL, MQTT_CA_FILE: certificate, MQTT_USER: USER, MQTT_PASSWORD: PASSWORD };
  });
  afterAll(async () => {
    await broker?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  /** A receiver with these variables, and what it logs. */
  async function start(variables: Record<string, string>) {
    const lines: { msg: string; err?: { message: string } }[] = [];
    const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line)) });
    const receiver = await startTestReceiver({ variables: { ...variables, MQTT_CLIENT_ID: 'receiver' }, log });
    return { receiver, lines };
  }

  it('lets sender and receiver in, and neither says the password', async () => {
    const { receiver, lines } = await start(access);
    await until('it is subscribed', () => lines.some(({ msg }) => msg === 'MQTT connected'));
    const sender = await spawnSender({ cwd: newFolder(), env: { ...access, LOG_LEVEL: 'trace' } });
    await post(`${sender.url}/start_sending`, { number_of_items_to_send: 4, interval_time: 86_400 });
    const status = async () => await (await fetch(`${sender.url}/status`)).json();
    await expect.poll(status, { timeout: 20_000 }).toMatchObject({ delivered: 4 });
    expect(JSON.stringify([await status(), sender.log, lines])).not.toContain(PASSWORD);
    expect(await endSender(sender, 'SIGTERM')).toBe(0);
    await receiver.stop();
  });

  it.each([
    ['the password is wrong', { MQTT_PASSWORD: 'another' }, 'Not authorized'],
    ['the authority is not known', { MQTT_CA_FILE: '' }, 'self-signed certificate'],
  ])('is not used where %s, and the receiver says so', async (_name, wrong, reason) => {
    const { receiver, lines } = await start({ ...access, ...wrong });
    await until('it says so', () => lines.some(({ msg }) => msg === 'MQTT broker not reached'));
    expect(lines.find(({ msg }) => msg === 'MQTT broker not reached')?.err?.message).toContain(reason);
    await receiver.stop();
  });
});
