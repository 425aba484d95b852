// Variables and their faults, also as an operator sees them on standard error.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';
import { runToExit } from './testing/sender-process.ts';
import { temporaryFolders } from './testing/temporary-folder.ts';

const newFolder = temporaryFolders();

describe('the configuration', () => {
  it('has a default for all that an operator need not choose', () => {
    expect(parseConfig({})).toEqual({
      host: '127.0.0.1',
      port: 5000,
      receiverUrl: 'http://127.0.0.1:5001',
      mqtt: undefined,
      logLevel: 'info',
      keyAlgorithm: undefined,
      keyFile: resolve('data/sender/key.pem'),
      outboxFile: resolve('data/sender/outbox.sqlite'),
      deviceCount: 3,
      sensor: { kind: 'simulated' },
      deliveryBatch: 100,
      outboxLimit: 100_000,
      receiptsKept: 100_000,
      ledgerKey: undefined,
      ledgerOrigin: undefined,
      enrollmentToken: undefined,
    });
  });

  it('is frozen, and takes an empty value as unset', () => {
    const config = parseConfig({ PORT: '', DATA_DIR: '/srv/telltale' });
    expect(Object.isFrozen(config)).toBe(true);
    expect(config.port).toBe(5000);
    expect(config.keyFile).toBe(join('/srv/telltale/sender/key.pem'));
  });

  it('reads the schedule and the thermal zone to start with', () => {
    const { schedule, sensor } = parseConfig({
      SEND_INTERVAL_S: '0.5',
      SEND_ITEMS: '3',
      SENSOR: 'thermal',
      THERMAL_ZONE: '/sys/class/thermal/thermal_zone1',
    });
    expect(schedule).toEqual({ count: 3, intervalMs: 500 });
    expect(sensor).toEqual({ kind: 'thermal', zone: resolve('/sys/class/thermal/thermal_zone1'), device: undefined });
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '5000x'],
    ['DEVICES', '0'],
    ['KEY_ALGORITHM', 'rsa'],
    ['SENSOR', 'camera'],
    ['SENSOR_DEVICE', 'a\u0007'],
    ['SEND_INTERVAL_S', '0'],
    ['SEND_INTERVAL_S', '86401'],
    ['SEND_INTERVAL_S', '1e3'],
    ['SEND_ITEMS', '0'],
    ['LOG_LEVEL', 'loud'],
    ['RECEIVER_URL', 'localhost:5001'],
    ['RECEIVER_URL', 'http://user:secret@localhost'],
    ['MQTT_URL', 'http://localhost'],
    ['MQTT_URL', 'mqtt://user:secret@localhost'],
    ['MQTT_URL', 'mqtt://'],
    ['LEDGER_PUBLIC_KEY', 'AAAA'],
    ['OUTBOX_LIMIT', '-1'],
    ['ENROLLMENT_TOKEN', 'a token with spaces'],
    ['ENROLLMENT_TOKEN', 'é'.repeat(16)],
  ])('refuses %s=%s by its name', (name, value) => {
    expect(() => parseConfig({ [name]: value })).toThrow(new RegExp(`^wrong configuration: ${name} must be`));
  });
});

describe('a token that cannot be used', () => {
  it('is refused by its name and not repeated', () => {
    const parse = () => parseConfig({ ENROLLMENT_TOKEN: 'a short secret' });
    expect(parse).toThrow(/^wrong configuration: ENROLLMENT_TOKEN must have at least 16 characters/);
    expect(parse).not.toThrow(/a short secret/);
  });
});

describe('a sender that cannot start', () => {
  it('names every wrong variable in one line, without a stack, and exits with 1', async () => {
    const { code, errorText } = await runToExit({
      cwd: newFolder(),
      env: { PORT: 'x', DEVICES: '0', SENSOR: 'command' },
    });
    expect(code).toBe(1);
    expect(errorText).toBe(
      'sender: wrong configuration: PORT must be a whole number from 0 to 65535; DEVICES must be a whole number from 1 to 1000; SENSOR_COMMAND must be set when SENSOR=command\n',
    );
  });

  it('says in one line that its port is in use', async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const { port } = other.address() as AddressInfo;
    const result = await runToExit({ cwd: newFolder(), env: { PORT: String(port), LOG_LEVEL: 'silent' } });
    await new Promise((done) => other.close(done));
    expect(result).toEqual({
      code: 1,
      errorText: `sender: port ${port} is in use: stop the other program, or set PORT (with npm start: SENDER_PORT)\n`,
    });
  });
});
