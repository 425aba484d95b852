// One request at a time, and the last change is never missed.

import { describe, expect, it } from 'vitest';
import { Asking } from './asking.ts';

function asked() {
  const heard: string[] = [];
  const asking = new Asking<string>({
    onValue: (value) => heard.push(value),
    onError: (error) => heard.push(`error: ${error}`),
  });
  return { asking, heard };
}

function held(value: string) {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const state = { isAsked: false };
  const load = () => {
    state.isAsked = true;
    return promise.then(() => value);
  };
  return { state, load, resolve, reject };
}

/** All that is ready to run has run. */
const settled = () => new Promise<void>((done) => setImmediate(done));

describe('asking', () => {
  it('asks once more, and only once, when much changes while an answer is under way', async () => {
    const { asking, heard } = asked();
    const [first, second, third] = [held('first'), held('second'), held('third')];
    for (const { load } of [first, second, third]) asking.ask(load);
    expect([first, second, third].map(({ state }) => state.isAsked)).toEqual([true, false, false]);
    first.resolve();
    await settled();
    expect([first, second, third].map(({ state }) => state.isAsked)).toEqual([true, false, true]);
    third.resolve();
    await settled();
    expect(heard).toEqual(['first', 'third']);
  });

  it('goes on behind a failure', async () => {
    const { asking, heard } = asked();
    const [first, second] = [held('first'), held('second')];
    asking.ask(first.load);
    first.reject('away');
    await settled();
    asking.ask(second.load);
    second.resolve();
    await settled();
    expect(heard).toEqual(['error: away', 'second']);
  });

  it('says nothing any more, and asks nothing, once it has ended', async () => {
    const { asking, heard } = asked();
    const [first, second] = [held('first'), held('second')];
    asking.ask(first.load);
    asking.ask(second.load);
    asking.end();
    first.resolve();
    await settled();
    expect(heard).toEqual([]);
    expect(second.state.isAsked).toBe(false);
  });
});
