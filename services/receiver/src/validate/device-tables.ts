// The tables of devices against the log: what the sealer wrote as it went must be what the sealed leaves give. A page at a time, but for the
// states of the devices themselves.

import { isDeepStrictEqual } from 'node:util';
import type { ChainFault, VerifiedLeaf } from '@telltale/ledger';
import type { PoolClient } from 'pg';
import { DeviceAccount } from '../devices/device-account.ts';
import { countPlacedReadings, type PlacedReading, readPlacedReadings } from '../store/device-runs-store.ts';
import { loadDevicesMark, readDevicePage } from '../store/device-store.ts';

/**
 * Readings whose places are looked up together, some 0.3 MB. Each look-up reads whole runs of each device, so that 1024 together cost
 * PostgreSQL 1.8 µs a reading where 4096 cost 0.9 (measured with 50 devices).
 */
const LOOKUP_READINGS = 4096;
/** Devices that one read brings into memory: 64 kB each at most, as a rule 200 bytes. */
const PAGE_DEVICES = 256;

export class DeviceTables {
  private readonly client: PoolClient;
  private readonly accounts = new Map<string, DeviceAccount>();
  private waiting: PlacedReading[] = [];
  private readings = 0;

  constructor(client: PoolClient) {
    this.client = client;
  }

  /** Takes the next sealed leaves of the log, in order. */
  async take(leaves: readonly VerifiedLeaf[]): Promise<ChainFault | undefined> {
    for (const { leafIndex, leaf, reading } of leaves) {
      if (!reading) continue;
      const { device } = reading;
      const account = this.accounts.get(device) ?? new DeviceAccount();
      this.accounts.set(device, account);
      account.take({ ...reading, receivedAtUs: leaf.receivedAtUs });
      this.waiting.push({ device, leafIndex });
      this.readings++;
    }
    return this.waiting.length < LOOKUP_READINGS ? undefined : this.placesFault();
  }

  /** After the last sealed leaf. `logSize`: that of the newest block. */
  async finish(logSize: number): Promise<ChainFault | undefined> {
    const fault = await this.placesFault();
    if (fault) return fault;
    // Every place that the log gives was found once: what is beyond their number is no reading of that device.
    if ((await countPlacedReadings(this.client)) !== this.readings) {
      return { code: 'device-table', message: 'there are places of readings that no device has' };
    }
    if ((await loadDevicesMark(this.client)) !== logSize) {
      return { code: 'device-table', message: 'the devices are not accounted up to the newest block' };
    }
    return (await this.areStatesRight())
      ? undefined
      : { code: 'device-table', message: 'the table of devices does not fit the log' };
  }

  private async placesFault(): Promise<ChainFault | undefined> {
    const expected = this.waiting;
    this.waiting = [];
    const [first, last] = [expected[0], expected.at(-1)];
    if (!first || !last) return undefined;
    const devices = [...new Set(expected.map(({ device }) => device))];
    const range = { start: first.leafIndex, end: last.leafIndex + 1 };
    const found = await readPlacedReadings(this.client, { devices, ...range });
    const at = expected.findIndex((place, i) => !isSamePlace(place, found[i]));
    const wrong = expected[at]?.leafIndex ?? found[expected.length]?.leafIndex;
    if (wrong === undefined) return undefined;
    const message = `the place of reading ${wrong} among those of its device does not fit the log`;
    return { code: 'device-table', message, leafIndex: wrong };
  }

  private async areStatesRight(): Promise<boolean> {
    let after = '';
    let devices = 0;
    for (;;) {
      const page = await readDevicePage(this.client, { after, limit: PAGE_DEVICES });
      const last = page.at(-1);
      if (!last) return devices === this.accounts.size;
      const isRight = page.every(({ device, state }) => isDeepStrictEqual(state, this.accounts.get(device)?.state()));
      if (!isRight) return false;
      devices += page.length;
      after = last.device;
    }
  }
}

function isSamePlace(place: PlacedReading, other: PlacedReading | undefined): boolean {
  return other?.leafIndex === place.leafIndex && other.device === place.device;
}
