// Who waits for a validation, who is refused, and who is forgotten. What a validation finds is in the other tests of this folder.

import { describe, expect, it } from 'vitest';
import type { ValidationReport } from './validate-chain.ts';
import { ValidationQueue } from './validation-queue.ts';

const SOUND: ValidationReport = { blocks: 1, leaves: 0, readings: 0, devices: 0, keys: 0, pending: 0 };
const here = () => new AbortController().signal;

/** A queue whose validations end when the test says so, or when they are aborted. */
function start() {
  const runs: { signal: AbortSignal; end: () => void }[] = [];
  let underWay = 0;
  let most = 0;
  const queue = new ValidationQueue(async (signal) => {
    most = Math.max(most, ++underWay);
    try {
      return await new Promise<ValidationReport>((resolve, reject) => {
        runs.push({ signal, end: () => resolve(SOUND) });
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    } finally {
      underWay--;
    }
  });
  return { queue, runs, most: () => most };
}

describe('ValidationQueue', () => {
  it('runs one validation at a time, each begun after it was asked for, and refuses a fifth caller', async () => {
    const { queue, runs, most } = start();
    const calls = Array.from({ length: 4 }, () => queue.run(here()));
    await expect(queue.run(here())).rejects.toMatchObject({ code: 'overloaded' });
    for (const [done, call] of calls.entries()) {
      expect(runs.length).toBe(done + 1);
      runs[done]?.end();
      expect(await call).toEqual(SOUND);
    }
    expect(most()).toBe(1);
  });

  it('never begins the validation of a caller who went away, and gives the place to another at once', async () => {
    const { queue, runs } = start();
    const first = queue.run(here());
    const gone = [1, 2, 3].map(() => new AbortController());
    const left = gone.map((caller) => queue.run(caller.signal));
    for (const caller of gone) caller.abort(new Error('gone'));
    for (const call of left) await expect(call).rejects.toThrow('gone');
    const next = queue.run(here());
    runs[0]?.end();
    await first;
    runs[1]?.end();
    expect(await next).toEqual(SOUND);
    expect(runs.length).toBe(2);
  });

  it('ends the validation of a caller who goes away and begins the next one', async () => {
    const { queue, runs } = start();
    const caller = new AbortController();
    const first = queue.run(caller.signal);
    const second = queue.run(here());
    caller.abort(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    runs[1]?.end();
    expect(await second).toEqual(SOUND);
  });

  it('refuses everybody once it stops, and has stopped when no validation runs', async () => {
    const { queue, runs } = start();
    const calls = [1, 2, 3].map(() => queue.run(here()));
    const refused = calls.map((call) => expect(call).rejects.toMatchObject({ code: 'stopping' }));
    await queue.stop();
    await Promise.all(refused);
    await expect(queue.run(here())).rejects.toMatchObject({ code: 'stopping' });
    expect(runs.map(({ signal }) => signal.aborted)).toEqual([true]);
  });

  it('serves the next caller after a validation that failed', async () => {
    let runs = 0;
    const queue = new ValidationQueue(async () => {
      if (++runs === 1) throw new Error('no database');
      return SOUND;
    });
    const calls = [queue.run(here()), queue.run(here())];
    await expect(calls[0]).rejects.toThrow('no database');
    expect(await calls[1]).toEqual(SOUND);
  });
});
