// What runs the services outside of scripts/: the systemd units and the images. Their paths must be there, their variables must be read, and
// they must run what scripts/ run and the measurements measure.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { compilingArguments, root, SERVICE_ENVIRONMENT, serviceArguments } from '../../scripts/service-process.ts';
import { receiverVariables } from '../../services/receiver/src/config.ts';
import { parseConfig as parseSender, senderVariables } from '../../services/sender/src/config.ts';

const read = (file: string) => readFileSync(resolve(root, file), 'utf8');
const INSTALLED_IN = '/opt/telltale/';
/** Of Node.js itself. */
const OF_NODE = ['NODE_ENV', ...Object.keys(SERVICE_ENVIRONMENT)];

/** Name and values of each setting of a unit; a name may stand there more than once. */
function settingsOf(unit: string): Map<string, string[]> {
  const settings = new Map<string, string[]>();
  for (const line of unit.split('\n').filter((text) => text !== '' && !/^[#[]/.test(text))) {
    const [, name = '', value = ''] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    expect(name, line).not.toBe('');
    settings.set(name, [...(settings.get(name) ?? []), value]);
  }
  return settings;
}

const assignments = (values: readonly string[]) =>
  Object.fromEntries(
    values.flatMap((value) => value.split(' ')).map((text) => [text.split('=')[0], text.split('=').slice(1).join('=')]),
  );

describe.each([
  { kind: 'receiver' as const, variables: receiverVariables.shape },
  { kind: 'sender' as const, variables: senderVariables.shape },
])('the $kind', ({ kind, variables }) => {
  const settings = settingsOf(read(`deploy/systemd/telltale-${kind}.service`));
  const [program = '', ...given] = settings.get('ExecStart')?.[0]?.split(' ') ?? [];
  const environment = assignments(settings.get('Environment') ?? []);
  const flags = serviceArguments(kind).slice(0, -1);

  it('is started by systemd as scripts/ start it', () => {
    const file = `services/${kind}/src/main.ts`;
    expect(program).toBe(`${INSTALLED_IN}node_modules/.bin/node`);
    expect(given).toEqual([...flags, `${INSTALLED_IN}${file}`]);
    expect(existsSync(resolve(root, file))).toBe(true);
    expect(environment).toMatchObject({ MALLOC_ARENA_MAX: SERVICE_ENVIRONMENT.MALLOC_ARENA_MAX });
    expect(environment).toHaveProperty('NODE_COMPILE_CACHE', '%C/telltale');
    for (const name of Object.keys(environment)) expect([...OF_NODE, ...Object.keys(variables)]).toContain(name);
  });

  it('can write to nothing but its own folders, and gains no rights', () => {
    for (const [name, value] of [
      ['User', 'telltale'],
      ['StateDirectory', 'telltale'],
      ['CacheDirectory', 'telltale'],
      ['ProtectSystem', 'strict'],
      ['NoNewPrivileges', 'yes'],
      ['CapabilityBoundingSet', ''],
      ['Restart', 'on-failure'],
    ] as const) {
      expect(settings.get(name), name).toEqual([value]);
    }
    expect(settings.get('MemoryMax')?.[0]).toMatch(/^\d+M$/);
    expect(environment).toHaveProperty('DATA_DIR', '%S/telltale');
  });

  it('is started by its image as scripts/ start it', () => {
    const dockerfile = read(`services/${kind}/Dockerfile`);
    const command = ['node', ...flags, `services/${kind}/src/main.ts`];
    expect(dockerfile).toContain(`\nCMD [${command.map((word) => `"${word}"`).join(', ')}]\n`);
    const [, values = ''] = /^ENV (.*)$/m.exec(dockerfile) ?? [];
    expect(assignments([values])).toMatchObject({
      MALLOC_ARENA_MAX: SERVICE_ENVIRONMENT.MALLOC_ARENA_MAX,
      NODE_COMPILE_CACHE: '/var/cache/telltale',
    });
    // The cache is filled with the same flags, or Node.js would not look at it.
    expect(dockerfile).toContain(` PORT=none node ${flags.join(' ')} `);
    for (const file of compilingArguments(kind).map((given) => given.at(-1) ?? '')) {
      expect(existsSync(file), file).toBe(true);
      expect(dockerfile).toContain(` ${relative(root, file)}`);
    }
  });
});

describe('the unit of the receiver', () => {
  it('finds the explorer built by the installation: nothing else is run before it', () => {
    expect(JSON.parse(read('package.json')).scripts.postinstall).toBe('node scripts/build-explorer.mjs');
    expect(existsSync(resolve(root, 'scripts/build-explorer.mjs'))).toBe(true);
  });
});

describe('the unit of the sender', () => {
  it('has its modules compiled before it starts, by the same command', () => {
    const settings = settingsOf(read('deploy/systemd/telltale-sender.service'));
    const [command = ''] = settings.get('ExecStart') ?? [];
    expect(settings.get('ExecStartPre')).toEqual([`-/bin/sh -c 'PORT=none ${command} 2> /dev/null'`]);
  });

  it.runIf(process.platform === 'linux')('so holds less than 90 MB from its first start on', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'telltale-memory-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { MALLOC_ARENA_MAX } = SERVICE_ENVIRONMENT;
    const environment = { MALLOC_ARENA_MAX, NODE_COMPILE_CACHE: join(folder, 'cache'), DATA_DIR: folder };
    const run = (port: string, variables = {}) =>
      spawn(process.execPath, serviceArguments('sender'), {
        env: { ...environment, ...variables, PORT: port },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    await once(run('none'), 'exit');
    // What it sends to is away, so it also tries again and again.
    const sender = run('0', { RECEIVER_URL: 'http://127.0.0.1:1', SEND_INTERVAL_S: '0.1' });
    const ended = once(sender, 'exit');
    onTestFinished(async () => {
      sender.kill('SIGTERM');
      await ended;
    });
    let url = '';
    createInterface(sender.stdout).on('line', (line) => {
      url = JSON.parse(line).url ?? url;
    });
    await expect.poll(() => url, { timeout: 30_000 }).not.toBe('');
    const produced = async () => (await (await fetch(`${url}/status`)).json()).produced;
    await expect.poll(produced, { timeout: 30_000 }).toBeGreaterThan(50);
    const [, residentKiB] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${sender.pid}/status`, 'utf8')) ?? [];
    expect(Number(residentKiB) * 1024).toBeLessThan(90_000_000);
  });

  it('measures and sends by itself from the start on', () => {
    const environment = assignments(
      settingsOf(read('deploy/systemd/telltale-sender.service')).get('Environment') ?? [],
    );
    expect(parseSender(environment)).toMatchObject({
      sensor: { kind: 'thermal' },
      schedule: { count: 1, intervalMs: 60_000 },
    });
  });
});
