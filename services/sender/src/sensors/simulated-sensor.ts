// The ancestor's simulated distance sensor: devices "Raspberry Pi 1" to n in turn, a whole distance from 50 to 200.
// Clock and randomness are arguments. Written as Python's json.dumps writes it, so that old and new messages look alike.

import type { Reading, Sensor } from './sensor.ts';

/** The ancestor's range, both ends included. */
const DISTANCE_MIN = 50;
const DISTANCE_MAX = 200;

/** The names of that many simulated devices. */
export function simulatedDevices(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `Raspberry Pi ${index + 1}`);
}

export function createSimulatedSensor(options: {
  deviceCount: number;
  /** Milliseconds since the Unix epoch; may have a fraction. */
  nowMs: () => number;
  /** A whole number in [min, max). */
  randomInt: (min: number, max: number) => number;
}): Sensor {
  const devices = simulatedDevices(options.deviceCount);
  let turn = 0;
  const readingAt = (position: number): Reading => {
    const device = devices[position % devices.length] ?? '';
    const distance = options.randomInt(DISTANCE_MIN, DISTANCE_MAX + 1);
    const timestamp = options.nowMs() / 1000;
    const json = `{"device": ${JSON.stringify(device)}, "distance": ${distance}, "timestamp": ${timestamp}}`;
    return { json: Buffer.from(json), sequenceOf: device };
  };
  return {
    start: () => undefined,
    read: (count) => Array.from({ length: count }, (_, index) => readingAt(turn + index)),
    advance: (count) => {
      turn = (turn + count) % devices.length;
    },
    status: () => ({ kind: 'simulated', devices, waiting: 0, invalidLines: 0, restarts: 0 }),
    stop: () => Promise.resolve(),
  };
}
