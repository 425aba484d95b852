// What the log says of one device: its sequence, and how its clock stood to the receiver's. Pure; readings come in the order of the log.

import { DeviceSequence, type DeviceSequenceState } from '@telltale/ledger';
import type { DeviceReading } from './device-reading.ts';

/** The device's clock in its newest reading that says a time. */
export interface DeviceClock {
  /** What the device's clock said. */
  readonly deviceTimeUs: number;
  /** Device time less received time of that reading. Negative: the clock is slow, or the reading came late. */
  readonly offsetUs: number;
}

export interface DeviceState {
  readonly sequence: DeviceSequenceState;
  /** Absent: no reading said a time. */
  readonly clock?: DeviceClock;
}

export class DeviceAccount {
  private readonly sequence: DeviceSequence;
  private clock: DeviceClock | undefined;

  /** Goes on from a stored state, or starts with a device that never spoke. */
  constructor(state?: DeviceState) {
    this.sequence = state ? DeviceSequence.from(state.sequence) : new DeviceSequence();
    this.clock = state?.clock;
  }

  take(reading: Omit<DeviceReading, 'device' | 'leafIndex'>): void {
    this.sequence.take(reading);
    const { deviceTimeUs, receivedAtUs } = reading;
    if (deviceTimeUs !== undefined) this.clock = { deviceTimeUs, offsetUs: deviceTimeUs - receivedAtUs };
  }

  state(): DeviceState {
    return { sequence: this.sequence.state(), ...(this.clock && { clock: this.clock }) };
  }
}
