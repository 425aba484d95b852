// What becomes of a message, with the failures of the way in as they are thrown there, and waits that end by hand.

import { Registry } from '@platformatic/prom-client';
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { ReceiverError } from '../errors.ts';
import { mqttMetrics } from './mqtt-metrics.ts';
import { messageTaker } from './take-message.ts';

const body = Buffer.from('{}');
const notStored = new ReceiverError('not-stored', 'send again');
const checkFailed = new ReceiverError('check-failed', 'could not be checked');

describe('a message', () => {
  let registry: Registry;
  let lines: { level: number; msg: string }[];
  let waits: number;
  let abort: AbortController;
  beforeEach(() => {
    registry = new Registry();
    lines = [];
    waits = 0;
    abort = new AbortController();
  });

  /** A taker whose way in fails with these errors, one a try, and then accepts. */
  function take(errors: readonly Error[], onWait: () => void = () => undefined) {
    const failures = [...errors];
    const bodies: Uint8Array[] = [];
    const taker = messageTaker({
      receive: async (given) => {
        bodies.push(given);
        const error = failures.shift();
        // As the verifiers do with a long body.
        structuredClone(given.buffer, { transfer: [given.buffer] });
        if (error) throw error;
        return [];
      },
      maxBodyBytes: 100,
      metrics: mqttMetrics(registry),
      wait: async () => {
        waits += 1;
        onWait();
      },
      log: pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    });
    return { answer: taker({ device: 'a', body }, abort.signal), bodies };
  }
  const counted = async (name: string) => {
    const metrics = await registry.getMetricsAsJSON();
    return metrics.find((metric) => metric.name === name)?.values.map(({ value, labels }) => [value, labels]);
  };

  it('that is refused for now is tried again with the same bytes, for as long as it takes, and the log says it once', async () => {
    const { answer, bodies } = take(Array.from({ length: 12 }, () => notStored));
    expect(await answer).toMatchObject({ status: 200 });
    expect(waits).toBe(12);
    expect(bodies).toHaveLength(13);
    expect(lines.map(({ msg }) => msg)).toEqual(['MQTT messages wait', 'MQTT messages go on']);
    expect(await counted('telltale_mqtt_retries_total')).toEqual([[12, {}]]);
  });

  it('that is refused for now has no answer once its connection has ended', async () => {
    const { answer } = take([notStored, notStored, notStored], () => {
      if (waits === 2) abort.abort();
    });
    expect(await answer).toBeUndefined();
    expect(waits).toBe(2);
  });

  it.each([
    ['the thread that checks it dies each time', checkFailed, 503],
    ['the receiver fails in a way that it does not know', new Error('a fault of ours'), 500],
  ])('is answered in the end where %s, so that it does not hold up what is behind it', async (_name, error, status) => {
    const { answer } = take(Array.from({ length: 9 }, () => error));
    expect(await answer).toMatchObject({ status });
    expect((await answer)?.payload).not.toContain('a fault of ours');
    expect(waits).toBe(4);
    expect(lines.at(-2)).toMatchObject({ level: 50, msg: 'MQTT message given up' });
  });

  it('that is refused for good is answered at once, and counted by its code', async () => {
    const faults = [{ position: 0, code: 'key-unknown', message: 'enrol it' }];
    const { answer } = take([new ReceiverError('envelopes-forbidden', 'item 0: enrol it', { faults })]);
    const payload = JSON.stringify({ status: 'error', message: 'item 0: enrol it', errors: faults });
    expect(await answer).toEqual({ status: 403, payload });
    expect(waits).toBe(0);
    expect(await counted('telltale_mqtt_messages_refused_total')).toEqual([[1, { code: 'envelopes-forbidden' }]]);
  });
});
