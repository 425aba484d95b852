// The receiver's variables: defaults, bounds, and what an operator reads when one is wrong or the port is taken.

import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createTestDatabase } from '@telltale/database/testing';
import { formatCosignerKey } from '@telltale/ledger';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { ConfigError, parseConfig } from './config.ts';

const mainFile = fileURLToPath(new URL('./main.ts', import.meta.url));

/** A public witness's, of signature type 0x04. */
const WITNESS_KEY = 'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2';

/** What the ConfigError of these variables says. */
function refusalOf(variables: Record<string, string>): string {
  try {
    parseConfig(variables);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('the configuration', () => {
  it('has these defaults', () => {
    expect(parseConfig({})).toEqual({
      host: '127.0.0.1',
      port: 5001,
      dataDir: resolve('data'),
      databaseUrl: undefined,
      databaseConnections: 10,
      ledgerKeyFile: resolve('data/ledger-key.pem'),
      ledgerOrigin: undefined,
      transactionsPerBlock: 2,
      difficulty: 2,
      nonceLimit: 10_000_000,
      blockMaxWaitMs: 5_000,
      sealPromiseMs: 86_400_000,
      maxBodyBytes: 8_388_608,
      maxEnvelopes: 1_000,
      clockToleranceMs: 300_000,
      witnesses: [],
      witnessPolicy: 0,
      witnessLogs: [],
      witnessKeyFile: resolve('data/witness-key.pem'),
      plugins: [],
      pluginEnvironment: {},
      metricsToken: undefined,
      logLevel: 'info',
    });
  });

  it('takes every variable from the environment, and an empty one as unset', () => {
    const variables = {
      HOST: '::1',
      PORT: '0',
      DATA_DIR: '/var/lib/telltale',
      DATABASE_URL: 'postgres://user:word@host:5432/telltale',
      DATABASE_CONNECTIONS: '4',
      LEDGER_KEY_FILE: '/run/key.pem',
      LEDGER_ORIGIN: 'example.com/log',
      TRANSACTIONS_PER_BLOCK: '100',
      DIFFICULTY: '16',
      NONCE_LIMIT: '4294967296',
      BLOCK_MAX_WAIT_MS: '0',
      SEAL_PROMISE_MS: '0',
      MAX_BODY_BYTES: '1024',
      MAX_ENVELOPES: '1',
      CLOCK_TOLERANCE_MS: '1000',
      WITNESSES: '',
      WITNESS_POLICY: '0',
      WITNESS_LOGS: '',
      WITNESS_KEY_FILE: '/run/witness.pem',
      PLUGINS: './mine.ts, @example/theirs',
      PEERING: '0',
      METRICS_TOKEN: 'only-for-prometheus',
      LOG_LEVEL: 'silent',
    };
    expect(parseConfig(variables)).toEqual({
      host: '::1',
      port: 0,
      dataDir: '/var/lib/telltale',
      databaseUrl: 'postgres://user:word@host:5432/telltale',
      databaseConnections: 4,
      ledgerKeyFile: '/run/key.pem',
      ledgerOrigin: 'example.com/log',
      transactionsPerBlock: 100,
      difficulty: 16,
      nonceLimit: 2 ** 32,
      blockMaxWaitMs: 0,
      sealPromiseMs: 0,
      maxBodyBytes: 1_024,
      maxEnvelopes: 1,
      clockToleranceMs: 1_000,
      witnesses: [],
      witnessPolicy: 0,
      witnessLogs: [],
      witnessKeyFile: '/run/witness.pem',
      plugins: ['./mine.ts', '@example/theirs'],
      pluginEnvironment: Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== '')),
      metricsToken: 'only-for-prometheus',
      logLevel: 'silent',
    });
    const empty = Object.fromEntries(Object.keys(variables).map((name) => [name, '']));
    expect(parseConfig(empty)).toEqual(parseConfig({}));
  });

  it('keeps the key beside the data unless told otherwise, and cannot be changed', () => {
    const config = parseConfig({ DATA_DIR: '/srv/data' });
    expect(config.ledgerKeyFile).toBe('/srv/data/ledger-key.pem');
    expect(Object.isFrozen(config)).toBe(true);
  });

  const wrong: [string, string[]][] = [
    ['PORT', ['65536', '-1', '0x10', '1e3', ' 5001', '80.0', 'http']],
    ['DATABASE_URL', ['mysql://host/db', 'localhost', 'postgresql://host:port/db', 'postgresql://[host/db']],
    ['DATABASE_CONNECTIONS', ['3', '101', 'many']],
    ['LEDGER_ORIGIN', ['a b', 'a+b', 'a\u0007', 'telltale-block-v1', 'x'.repeat(256)]],
    ['TRANSACTIONS_PER_BLOCK', ['0', '100001', '1.5']],
    ['DIFFICULTY', ['17', '-1', 'hard']],
    ['NONCE_LIMIT', ['0', '4294967297', '9'.repeat(16)]],
    ['BLOCK_MAX_WAIT_MS', ['-1', '86400001', '5s']],
    ['SEAL_PROMISE_MS', ['-1', '31536000001']],
    ['MAX_BODY_BYTES', ['1023', '268435457', '8MB']],
    ['MAX_ENVELOPES', ['0', '100001']],
    ['CLOCK_TOLERANCE_MS', ['0', '31536000001']],
    [
      'WITNESSES',
      [
        'http://host',
        'http://host|no key',
        `ftp://host|${WITNESS_KEY}`,
        `http://a|${WITNESS_KEY},http://b|${WITNESS_KEY}`,
      ],
    ],
    ['WITNESS_POLICY', ['-1', '33', '1']],
    ['WITNESS_LOGS', ['log', WITNESS_KEY]],
    ['PEERING', ['yes', '2']],
    ['METRICS_TOKEN', ['short', 'with a space in it']],
    ['LOG_LEVEL', ['verbose', 'INFO']],
  ];
  it.each(wrong)('names %s when it is wrong, in one line', (name, values) => {
    for (const value of values) {
      const message = refusalOf({ [name]: value });
      expect(message).toMatch(new RegExp(`^wrong configuration: ${name}: `));
      expect(message).not.toContain('\n');
    }
  });

  it('reads a list of witnesses, and asks for no more cosignatures than there are', () => {
    const WITNESSES = ` https://a.example/w/|${WITNESS_KEY}`;
    const config = parseConfig({ WITNESSES, WITNESS_POLICY: '1' });
    expect(config.witnesses).toMatchObject([{ url: 'https://a.example/w', key: WITNESS_KEY }]);
    expect(config.witnessPolicy).toBe(1);
    expect(refusalOf({ WITNESSES, WITNESS_POLICY: '2' })).toContain('WITNESS_POLICY');
    const spki = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' });
    const twice = ['a', 'b'].map((name) => `http://${name}|${formatCosignerKey(name, spki)}`);
    expect(refusalOf({ WITNESSES: twice.join(',') })).toContain('a key stands twice');
  });

  it.each([{ PEERING: '1' }, { PEER_ADDR: '127.0.0.2' }, { ROSTER: 'roster.json' }])(
    'adds the plugin for peering, once and first, where %o is set',
    (variables) => {
      const { plugins, pluginEnvironment } = parseConfig({
        ...variables,
        PLUGINS: './a.ts,@telltale/peering',
        HOST: '',
      });
      expect(plugins).toEqual(['@telltale/peering', './a.ts']);
      expect(pluginEnvironment).toEqual({ ...variables, PLUGINS: './a.ts,@telltale/peering' });
    },
  );

  it('has no peering where PEERING is 0, whatever else is set', () => {
    const { plugins } = parseConfig({ PEERING: '0', PEER_ADDR: '127.0.0.2', ROSTER: 'a', PLUGINS: './a.ts' });
    expect(plugins).toEqual(['./a.ts']);
  });

  it('takes the module that PEERING names instead', () => {
    const { plugins } = parseConfig({ PEERING: './ring.ts', PEER_ADDR: '127.0.0.2', PLUGINS: './a.ts' });
    expect(plugins).toEqual(['./ring.ts', './a.ts']);
  });

  it('has no MQTT without MQTT_URL, and says each of its variables otherwise', () => {
    expect(parseConfig({ MQTT_USER: 'a', MQTT_SHARE: 'north' }).mqtt).toBeUndefined();
    expect(parseConfig({ MQTT_URL: 'mqtts://broker:8884/', MQTT_USER: 'a', MQTT_PASSWORD: 'b' }).mqtt).toEqual({
      url: 'mqtts://broker:8884/',
      user: 'a',
      password: 'b',
      caFile: undefined,
      share: 'telltale',
      clientId: undefined,
    });
  });

  it.each([
    { MQTT_URL: 'broker' },
    { MQTT_URL: 'http://broker' },
    { MQTT_URL: 'mqtt://user:secret@broker' },
    { MQTT_URL: 'mqtt:///broker' },
    { MQTT_URL: 'mqtt://broker/path' },
    { MQTT_SHARE: 'a/b' },
    { MQTT_CLIENT_ID: 'a\u0000' },
  ])('refuses %j', (variables) => {
    const [[name = '', value = ''] = []] = Object.entries(variables);
    expect(refusalOf(variables)).toMatch(new RegExp(`^wrong configuration: ${name}: must`));
    expect(refusalOf(variables)).not.toContain(value);
  });

  it('names all wrong variables at once', () => {
    expect(refusalOf({ DATABASE_URL: 'localhost' })).toBe(
      'wrong configuration: DATABASE_URL: must be a postgresql:// URL',
    );
    const message = refusalOf({ PORT: 'x', DIFFICULTY: '99', LOG_LEVEL: 'loud', HOST: 'localhost' });
    for (const name of ['PORT', 'DIFFICULTY', 'LOG_LEVEL']) expect(message).toContain(`${name}: `);
    expect(message).not.toContain('HOST');
  });

  it('does not repeat what a variable holds: it may be a password', () => {
    expect(refusalOf({ DATABASE_URL: 'mysql://user:secret@host/db' })).not.toContain('secret');
  });
});

/** Runs the receiver's process until it ends by itself, in an empty folder. */
async function runMain(
  variables: Record<string, string>,
  dotenv = '',
): Promise<{ exitCode: unknown; stdout: string; stderr: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'telltale-main-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, '.env'), dotenv);
  const child = spawn(process.execPath, [mainFile], {
    cwd: folder,
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'info', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [exit, stdout, stderr] = await Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]);
  return { exitCode: exit[0], stdout, stderr };
}

async function testDatabaseUrl(): Promise<string> {
  const database = await createTestDatabase(inject('testServer'));
  onTestFinished(() => database.drop());
  return database.url;
}

describe('the receiver’s process', () => {
  it('ends with one line that names each wrong variable, also when .env sets it', async () => {
    const { exitCode, stdout, stderr } = await runMain({ DIFFICULTY: 'hard' }, 'DIFFICULTY=2\nMAX_ENVELOPES=none\n');
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^receiver: wrong configuration: [^\n]*\n$/);
    expect(stderr).toContain('DIFFICULTY: must be a whole number from 0 to 16');
    expect(stderr).toContain('MAX_ENVELOPES: must be a whole number from 1 to 100000');
  });

  it('ends with one line that names the port when it is in use', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    onTestFinished(() => void blocker.close());
    const address = blocker.address();
    const port = String(address !== null && typeof address === 'object' ? address.port : '');
    const { exitCode, stderr } = await runMain({ PORT: port, DATABASE_URL: await testDatabaseUrl() });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(new RegExp(`^receiver: port ${port} is in use: [^\\n]*PORT[^\\n]*\\n$`));
  });

  it.each(['192.0.2.1', 'no such host'])('ends with one line when it cannot listen on HOST %s', async (host) => {
    const { exitCode, stderr } = await runMain({ HOST: host, PORT: '0', DATABASE_URL: await testDatabaseUrl() });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^receiver: [^\n]*HOST[^\n]*\n$/);
  });

  it.each([
    ['that does not answer', 'postgresql://user:secret@127.0.0.1:1/telltale', 'Cannot connect to PostgreSQL'],
    ['whose URL cannot be read', 'postgresql://user:secret@host:port/telltale', 'DATABASE_URL'],
  ])('ends with one line, without the password, for a database %s', async (_, url, words) => {
    const { exitCode, stderr } = await runMain({ DATABASE_URL: url });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^receiver: [^\n]*\n$/);
    expect(stderr).toContain(words);
    expect(stderr).not.toContain('secret');
  });

  it('ends with one line when its key file cannot be made', async () => {
    const { exitCode, stderr } = await runMain({
      PORT: '0',
      DATABASE_URL: await testDatabaseUrl(),
      LEDGER_KEY_FILE: '/dev/null/ledger-key.pem',
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^receiver: the ledger's key file \/dev\/null\/ledger-key.pem cannot be made or read\n$/);
  });
});
