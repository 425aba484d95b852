// Bodies as devices send them, signed beforehand: readings of a size that sensors have, from many devices, each counting its own sequence.

import { type DeviceAlgorithm, makeDevice, type TestDevice } from '../../services/receiver/src/testing/test-device.ts';

/** Devices that take turns. A gateway's worth; a guess. */
const DEVICES = 50;

export class BodyMaker {
  private readonly algorithm: DeviceAlgorithm;
  private readonly recordsPerReading: number | undefined;
  private readonly devices: readonly TestDevice[];
  private made = 0;

  /** `recordsPerReading`: where it is there, each reading is a SenML pack of so many records. */
  constructor(algorithm: DeviceAlgorithm, { recordsPerReading }: { recordsPerReading?: number | undefined } = {}) {
    this.algorithm = algorithm;
    this.recordsPerReading = recordsPerReading;
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
    const message = Buffer.from(this.text(0));
    return { pem: device.pem, message, signature: device.sign(message) };
  }

  get what(): DeviceAlgorithm {
    return this.algorithm;
  }

  private envelope(): string {
    const number = this.made++;
    return this.deviceOf(number).envelope(this.text(number));
  }

  private text(number: number): string {
    const { recordsPerReading } = this;
    return recordsPerReading === undefined ? readingText(number) : packText(number, recordsPerReading);
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
  const device = deviceName(number);
  const temperature = temperatureOf(number);
  return `{"device":"${device}","seq":${seq},"timestamp":${1_780_000_000 + seq}.25,"temperature":${temperature},"humidity":${40 + (number % 23)},"pressure":1013.${number % 10}}`;
}

/** One record a second, each with a sequence number of its own: about 40 bytes a record. */
function packText(number: number, records: number): string {
  const device = deviceName(number);
  const firstSeq = Math.floor(number / DEVICES) * records;
  const base = `"bn":"${device}/temperature","bu":"Cel","bt":${1_780_000_000 + firstSeq}.25,"device":"${device}",`;
  const record = (i: number) =>
    `{${i === 0 ? base : ''}"seq":${firstSeq + i},"t":${i},"v":${temperatureOf(number + i)}}`;
  return `[${Array.from({ length: records }, (_, i) => record(i)).join(',')}]`;
}

function deviceName(number: number): string {
  return `bench-${String(number % DEVICES).padStart(3, '0')}`;
}

function temperatureOf(number: number): string {
  return (20 + (number % 97) / 10).toFixed(1);
}
