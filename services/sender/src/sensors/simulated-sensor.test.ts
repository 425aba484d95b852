// The simulated sensor with clock and chance given.

import { describe, expect, it } from 'vitest';
import { createSimulatedSensor } from './simulated-sensor.ts';

const createSensor = () =>
  createSimulatedSensor({
    deviceCount: 3,
    nowMs: () => 1_717_979_369_250,
    randomInt: (min, max) => Math.max(min, max - 1),
  });

const texts = (readings: readonly { json: Uint8Array }[]) => readings.map(({ json }) => Buffer.from(json).toString());

describe('the simulated sensor', () => {
  it('lets its devices speak in turn, in the form of the ancestor', () => {
    const sensor = createSensor();
    expect(texts(sensor.read(2))).toEqual([
      '{"device": "Raspberry Pi 1", "distance": 200, "timestamp": 1717979369.25}',
      '{"device": "Raspberry Pi 2", "distance": 200, "timestamp": 1717979369.25}',
    ]);
    sensor.advance(2);
    expect(sensor.read(2).map(({ sequenceOf }) => sequenceOf)).toEqual(['Raspberry Pi 3', 'Raspberry Pi 1']);
  });

  it('takes its turns again when nothing was committed', () => {
    const sensor = createSensor();
    sensor.read(2);
    expect(sensor.read(1)[0]?.sequenceOf).toBe('Raspberry Pi 1');
  });

  it('draws distances from 50 to 200', () => {
    const bounds: [number, number][] = [];
    const randomInt = (min: number, max: number) => {
      bounds.push([min, max]);
      return min;
    };
    createSimulatedSensor({ deviceCount: 1, nowMs: Date.now, randomInt }).read(1);
    expect(bounds).toEqual([[50, 201]]);
  });
});
