// A real broker for tests: Mosquitto, Debian's package, as a process of its own that can be stopped, killed and started again on its port.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../../services/receiver/src/testing/until.ts';

/** Where distributions put it: not everybody's PATH has /usr/sbin. */
const PROGRAMS = [
  '/usr/sbin/mosquitto',
  '/usr/bin/mosquitto',
  '/usr/local/sbin/mosquitto',
  '/opt/homebrew/sbin/mosquitto',
];
const program = [process.env['MOSQUITTO_PATH'] ?? '', ...PROGRAMS].find((path) => path !== '' && existsSync(path));

/** Whether these tests are left out: no Mosquitto is there, and TELLTALE_REQUIRE_MOSQUITTO=1 does not say that there must be one. */
export const isWithoutMosquitto = program === undefined && process.env['TELLTALE_REQUIRE_MOSQUITTO'] !== '1';

export interface Mosquitto {
  readonly port: number;
  /** SIGTERM: it keeps its sessions and their messages on disk. */
  stop(): Promise<void>;
  /** Listens once this returns. */
  start(): Promise<void>;
  /** Stops it and removes its files. */
  remove(): Promise<void>;
}

/** Starts one on a free port. `lines`: further ones of its configuration; without any, it takes anybody and speaks no TLS. */
export async function startMosquitto(lines: readonly string[] = ['allow_anonymous true']): Promise<Mosquitto> {
  if (program === undefined)
    throw new Error(`TELLTALE_REQUIRE_MOSQUITTO=1, and none of ${PROGRAMS.join(', ')} is there`);
  const folder = await mkdtemp(join(tmpdir(), 'telltale-mosquitto-'));
  const port = await freePort();
  const configuration = join(folder, 'mosquitto.conf');
  const common = [
    `listener ${port} 127.0.0.1`,
    'persistence true',
    `persistence_location ${folder}/`,
    // Root's own files, if it is root who runs the tests.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
  ];
  await writeFile(configuration, `${[...common, ...lines].join('\n')}\n`);
  let child: ChildProcess | undefined;
  const stop = async () => {
    const running = child;
    child = undefined;
    if (running === undefined) return;
    const exited = once(running, 'exit');
    running.kill('SIGTERM');
    await exited;
  };
  const start = async () => {
    const started = spawn(program, ['-c', configuration], { stdio: 'ignore' });
    child = started;
    await until('Mosquitto listens', async () => {
      if (started.exitCode !== null) throw new Error(`Mosquitto ended with ${started.exitCode}`);
      return canConnect(port);
    });
  };
  const remove = async () => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  };
  await start();
  return { port, stop, start, remove };
}

/** A port of this machine that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}

function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).then((isOpen) => {
    socket.destroy();
    return isOpen === true;
  });
}
