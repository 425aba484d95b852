// The real temperature of this machine's processor, measured anew for each reading. Where it is read: thermal-zone.ts.

import type { Logger } from 'pino';
import { appendMember } from './json-member.ts';
import type { Reading, Sensor } from './sensor.ts';
import { readMillidegrees, type ThermalZone } from './thermal-zone.ts';

export function createThermalSensor(options: {
  zone: ThermalZone;
  /** Named in each reading; undefined: readings name no device and belong to the key's own. */
  device: string | undefined;
  /** The key's own device (format.md): counts `seq` for readings without a name. */
  ownDevice: string;
  /** Milliseconds since the Unix epoch; may have a fraction. */
  nowMs: () => number;
  logger: Logger;
}): Sensor {
  const { zone, device, ownDevice, nowMs, logger } = options;
  let failures = 0;
  let isFailing = false;

  const measure = (): Reading[] => {
    let millidegrees: number;
    try {
      millidegrees = readMillidegrees(zone);
    } catch (error) {
      // Nothing was measured, so there is nothing to sign: the next interval tries again, and status counts the failure.
      failures += 1;
      if (!isFailing) logger.warn({ err: error, zone: zone.folder }, 'temperature cannot be read');
      isFailing = true;
      return [];
    }
    if (isFailing) logger.info({ zone: zone.folder }, 'temperature is read again');
    isFailing = false;
    const measured = { celsius: millidegrees / 1000, zone: zone.type, timestamp: nowMs() / 1000 };
    const json = Buffer.from(JSON.stringify(measured));
    if (device === undefined) return [{ json, sequenceOf: ownDevice }];
    return [{ json: appendMember(json, { name: 'device', value: device }), sequenceOf: device }];
  };

  return {
    start: () => undefined,
    read: (count) => Array.from({ length: count }, measure).flat(),
    // Measured anew when it was not committed.
    advance: () => undefined,
    status: () => ({
      kind: 'thermal',
      devices: [device ?? ownDevice],
      waiting: 0,
      invalidLines: failures,
      restarts: 0,
    }),
    stop: () => Promise.resolve(),
  };
}
