// Bodies as devices send them, signed beforehand: readings of a size that sensors have, from many devices, each counting its own sequence.

import { type DeviceAlgorithm, makeDevice, type TestDevice } from '../../services/receiver/src/testing/test-device.ts';

/** Devices that take turns. A gateway's worth; a guess. */
const DEVICES = 50;

export class BodyMaker {
  private readonly algorithm: DeviceAlgorithm;
  private readonly devices: readonly TestDevice[];
  private made = 0;

  constructor(algorithm: DeviceAlgorithm) {
    this.algorithm = algorithm;
    this.devices = Array.from({ length: DEVICES }, () => makeDevice(algorithm));
  }

  /** Bodies of new readings: single envelopes where `readingsPerBody` is 1, else arrays. */
  make(of: { readings: number; readingsPerBody: number }): Buffer[] {
    const { readings, readingsPerBody } = of;
    return Array.from({ length: Math.ceil(readings / readingsPerBody) }, () => {
      const envelopes = Array.from({ length: readingsPerBody }, () => this.envelope());
      return Buffer.from(readingsPerBody === 1 ? (envelopes[0] ?? '') : `[${envelopes.join(',')}]`);
    });
  }

  /** A signed message of the same kind, for the bare verification. */
  sample(): { pem: string; message: Buffer; signature: Uint8Array } {
    const device = this.deviceOf(0);
    const message = Buffer.from(readingText(0));
    return { pem: device.pem, message, signature: device.sign(message) };
  }

  get what(): DeviceAlgorithm {
    return this.algorithm;
  }

  private envelope(): string {
    const number = this.made++;
    return this.deviceOf(number).envelope(readingText(number));
  }

  private deviceOf(number: number): TestDevice {
    const device = this.devices[number % DEVICES];
    if (!device) throw new RangeError(`there is no device ${number % DEVICES}`);
    return device;
  }
}

/** About 130 bytes, like liotbchain's readings with a name and a number. */
function readingText(number: number): string {
  const seq = Math.floor(number / DEVICES);
  const device = `bench-${String(number % DEVICES).padStart(3, '0')}`;
  const temperature = (20 + (number % 97) / 10).toFixed(1);
  return `{"device":"${device}","seq":${seq},"timestamp":${1_780_000_000 + seq}.25,"temperature":${temperature},"humidity":${40 + (number % 23)},"pressure":1013.${number % 10}}`;
}
