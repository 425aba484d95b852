// The command sensor with real programs.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolders } from '../testing/temporary-folder.ts';
import { CommandSensor } from './command-sensor.ts';

const newFolder = temporaryFolders();
const running: CommandSensor[] = [];

/** Starts a sensor on a program of its own, written in JavaScript. */
const startSensor = (program: string): CommandSensor => {
  const file = join(newFolder(), 'program.mjs');
  writeFileSync(file, program);
  const sensor = new CommandSensor({
    command: `"${process.execPath}" "${file}"`,
    givenDevice: undefined,
    ownDevice: 'fd110d301d2f077d',
    restart: { baseMs: 1, capMs: 1, random: () => 1 },
    terminationMs: 100,
    logger: pino({ level: 'silent' }),
  });
  running.push(sensor);
  sensor.start();
  return sensor;
};

afterEach(async () => {
  for (const sensor of running.splice(0)) await sensor.stop();
});

const STAY = 'setInterval(() => undefined, 1000);';
const texts = (sensor: CommandSensor, count: number) =>
  sensor.read(count).map(({ json }) => Buffer.from(json).toString());

describe('the command sensor', () => {
  it('takes valid lines in order and counts the others', async () => {
    const sensor = startSensor(`
      process.stdout.write('{"device":"a","seq":1}\\nnot json\\n\\n{"device":"b","seq":2}\\r\\n');
      process.stdout.write('{"t":"' + 'x'.repeat(200000) + '"}\\n{"device":"c","seq":3}\\n');
      ${STAY}`);
    await expect.poll(() => sensor.status().waiting, { timeout: 10_000 }).toBe(3);
    expect(texts(sensor, 10)).toEqual(['{"device":"a","seq":1}', '{"device":"b","seq":2}', '{"device":"c","seq":3}']);
    expect(sensor.status()).toMatchObject({ invalidLines: 2, restarts: 0, devices: ['a', 'b', 'c'] });
  });

  it('keeps lines until they are committed', async () => {
    const sensor = startSensor(`process.stdout.write('{"device":"a","seq":1}\\n{"device":"a","seq":2}\\n');${STAY}`);
    await expect.poll(() => sensor.status().waiting, { timeout: 10_000 }).toBe(2);
    expect(texts(sensor, 1)).toEqual(texts(sensor, 1));
    sensor.advance(1);
    expect(texts(sensor, 5)).toEqual(['{"device":"a","seq":2}']);
  });

  it('starts the program again when it ends, and drops a line that was cut off', async () => {
    const sensor = startSensor(`process.stdout.write('{"device":"a","seq":1}\\n{"device":"a","se');`);
    await expect.poll(() => sensor.status().restarts, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
    expect(texts(sensor, 2)).toEqual(['{"device":"a","seq":1}', '{"device":"a","seq":1}']);
    expect(sensor.status().invalidLines).toBeGreaterThanOrEqual(2);
  });

  it('holds the program back when lines are not taken, and loses none of them', async () => {
    const total = 20_000;
    const sensor = startSensor(`
      import { once } from 'node:events';
      for (let seq = 0; seq < ${total}; seq++) {
        const line = JSON.stringify({ device: 'a', seq, pad: 'x'.repeat(100) }) + '\\n';
        if (!process.stdout.write(line)) await once(process.stdout, 'drain');
      }
      ${STAY}`);
    await expect.poll(() => sensor.status().waiting, { timeout: 10_000 }).toBeGreaterThanOrEqual(1000);
    const taken: number[] = [];
    let most = 0;
    await expect
      .poll(
        () => {
          most = Math.max(most, sensor.status().waiting);
          const batch = texts(sensor, 500);
          for (const text of batch) taken.push((JSON.parse(text) as { seq: number }).seq);
          sensor.advance(batch.length);
          return taken.length;
        },
        { timeout: 10_000, interval: 1 },
      )
      .toBe(total);
    expect(taken).toEqual(Array.from({ length: total }, (_, seq) => seq));
    // 1000 lines and what one more chunk of 64 KiB holds.
    expect(most).toBeLessThan(2000);
  });

  it('ends the program when it is stopped, also one that ignores SIGTERM', async () => {
    const sensor = startSensor(`
      process.on('SIGTERM', () => undefined);
      process.stdout.write(JSON.stringify({ device: 'a', seq: process.pid }) + '\\n');
      ${STAY}`);
    await expect.poll(() => sensor.status().waiting, { timeout: 10_000 }).toBe(1);
    const { seq: pid } = JSON.parse(texts(sensor, 1)[0] ?? '') as { seq: number };
    await sensor.stop();
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: the process has ended, which is what the test waits for.
    return false;
  }
}
