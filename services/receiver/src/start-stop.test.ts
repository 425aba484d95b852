// Stopping in reverse, each step with a deadline: in small, and in a real process on its embedded PostgreSQL with everything blocked.

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STEP_DEADLINES_MS, STOP_DEADLINE_MS, type StopStep, stopInReverse } from './start-stop.ts';
import { mustAccept } from './testing/post-readings.ts';
import { type ReceiverProcess, spawnReceiver } from './testing/receiver-process.ts';
import { makeDevice } from './testing/test-device.ts';
import { until } from './testing/until.ts';

describe('stopInReverse', () => {
  let stopped: string[];
  let lines: { step: string; msg: string }[];
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
  beforeEach(() => {
    stopped = [];
    lines = [];
  });

  const step = (name: string, stop: () => Promise<void> = async () => undefined, deadlineMs = 10_000): StopStep => ({
    name,
    deadlineMs,
    stop: () => {
      stopped.push(name);
      return stop();
    },
  });
  const fails = async () => {
    throw new Error('it will not stop');
  };

  it('stops the newest first, and says nothing when all goes well', async () => {
    const started = [step('first'), step('second'), step('third')];
    await stopInReverse(started, log);
    expect(stopped).toEqual(['third', 'second', 'first']);
    expect(started).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('goes on after a step that fails and after one that never ends, and names both in the log', async () => {
    const never = () => new Promise<void>(() => undefined);
    await stopInReverse([step('first'), step('second', never, 1), step('third', fails)], log);
    expect(stopped).toEqual(['third', 'second', 'first']);
    expect(lines).toMatchObject([
      { step: 'third', msg: 'a step of stopping failed' },
      { step: 'second', msg: 'a step of stopping is late and is left behind' },
    ]);
  });

  it('hears of a late step that fails in the end', async () => {
    const late = Promise.withResolvers<void>();
    await stopInReverse([step('late', () => late.promise, 1)], log);
    late.reject(new Error('too late'));
    await until('its failure is logged', () => lines.length === 2);
    expect(lines[1]).toMatchObject({ step: 'late', msg: 'a step of stopping failed' });
  });

  it('has time for every step before the process is ended', () => {
    const sumMs = Object.values(STEP_DEADLINES_MS).reduce((sum, deadlineMs) => sum + deadlineMs, 0);
    expect(sumMs).toBeLessThan(STOP_DEADLINE_MS);
  });
});

describe('a receiver on its embedded PostgreSQL', () => {
  let folder: string;
  let receiver: ReceiverProcess;
  let locker: pg.Client;

  const postmasterFile = () => join(folder, 'data/postgres/postmaster.pid');

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'telltale-stop-'));
    receiver = await spawnReceiver({ cwd: folder, variables: { DATA_DIR: join(folder, 'data') } });
    // PostgreSQL's own file: the port is line 4, the socket's folder line 5.
    const lines = (await readFile(postmasterFile(), 'utf8')).split('\n');
    const [port, host] = [Number(lines[3]), lines[4] ?? ''];
    locker = new pg.Client({ host, port, user: 'telltale', database: 'telltale' });
    // The server ends this session when it stops.
    locker.on('error', () => undefined);
    await locker.connect();
  });
  afterEach(async () => {
    await locker.end();
    await receiver.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Holds a table until the server goes, so that whoever reads it waits. */
  async function lock(table: string): Promise<void> {
    await locker.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  }

  const untilWaiting = (sessions: number) =>
    until(`${sessions} sessions wait for a lock`, async () => {
      const { rows } = await locker.query<{ waiting: number }>(
        'SELECT count(DISTINCT pid)::int AS waiting FROM pg_locks WHERE NOT granted',
      );
      return (rows[0]?.waiting ?? 0) >= sessions;
    });

  it('answers a blocked validation and a queued one with 503 when it stops, and ends well with its database', async () => {
    await lock('ledger');
    const calls = [1, 2].map(() => fetch(`${receiver.url}/validate_chain`));
    await untilWaiting(1);
    expect(await receiver.stop()).toBe(0);
    for (const answer of await Promise.all(calls)) {
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ status: 'error', message: expect.stringContaining('stopping') });
    }
    expect(receiver.log.map(({ msg }) => msg)).toContain('embedded PostgreSQL stopped');
    expect(receiver.log.filter(({ step }) => step !== undefined)).toEqual([]);
    expect(existsSync(postmasterFile())).toBe(false);
  });

  it('stops its database when sealing and ingest are blocked and every step before it is late', async () => {
    await lock('leaves, log_counter');
    const call = mustAccept(receiver.url, makeDevice().envelope('{"device":"Pi"}')).catch(() => 'cut');
    await untilWaiting(2);
    expect(await receiver.stop()).toBe(0);
    expect(await call).toBe('cut');
    expect(receiver.log.filter(({ step }) => step !== undefined).map(({ step }) => step)).toEqual(
      expect.arrayContaining(['commits', 'sealer', 'pool']),
    );
    expect(existsSync(postmasterFile())).toBe(false);
  });
});
