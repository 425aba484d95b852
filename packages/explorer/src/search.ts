// Search: what somebody typed may be an id, a hash, an index or a name, and all that fit are found.

import { deviceFault } from '@telltale/ledger';
import { getBlock } from './api/blocks.ts';
import { getDevice, getDevices, getDevicesOfKey } from './api/devices.ts';
import { unlessMissing } from './api/get-json.ts';
import { getLeaves } from './api/leaves.ts';
import { findReadingAt, getReading } from './api/readings.ts';
import type { Route } from './route.ts';

export interface Hit {
  readonly name: string;
  readonly what: string;
  readonly route: Exclude<Route, { kind: 'unknown' }>;
}

/** Devices among which a part of a name is looked for. A guess: one answer of the receiver. */
const SEARCHED_DEVICES = 1000;
/** A guess: who sees more than these types on. */
const MAX_DEVICE_HITS = 50;

export async function search(query: string, signal: AbortSignal): Promise<Hit[]> {
  if (/^[0-9a-f]{64}$/i.test(query)) return searchHash(query.toLowerCase(), signal);
  const byIndex = /^(0|[1-9][0-9]{0,14})$/.test(query) ? await searchIndex(Number(query), signal) : [];
  return [...byIndex, ...(await searchDevice(query, signal))];
}

async function searchHash(hex: string, signal: AbortSignal): Promise<Hit[]> {
  const [reading, block, devices] = await Promise.all([
    unlessMissing(getReading(hex, signal)),
    unlessMissing(getBlock(hex, signal)),
    unlessMissing(getDevicesOfKey(hex, signal)),
  ]);
  const hits: Hit[] = [];
  if (reading)
    hits.push({
      name: `Leaf ${reading.leaf_index}`,
      what: 'transaction',
      route: { kind: 'reading', transactionId: hex },
    });
  if (block) hits.push(blockHit(block.block_index));
  for (const device of devices?.named ?? []) hits.push(keyHit(device));
  // Every key has a device of its own; few use it.
  const own = devices && (await unlessMissing(getDevice(devices.own, signal)));
  if (own && own.readings > 0 && !devices.named.includes(own.device)) hits.push(keyHit(own.device));
  return hits;
}

async function searchIndex(index: number, signal: AbortSignal): Promise<Hit[]> {
  const [block, reading] = await Promise.all([
    unlessMissing(getBlock(String(index), signal)),
    findReadingAt(index, signal),
  ]);
  const hits: Hit[] = [];
  if (block) hits.push(blockHit(block.block_index));
  const leaf = reading
    ? { transactionId: reading.transaction_id, kind: reading.kind }
    : (await unlessMissing(getLeaves({ start: index, end: index + 1 }, signal)))?.[0];
  if (leaf) {
    const route = { kind: 'reading', transactionId: leaf.transactionId } as const;
    hits.push({ name: `Leaf ${index}`, what: leaf.kind, route });
  }
  return hits;
}

async function searchDevice(text: string, signal: AbortSignal): Promise<Hit[]> {
  const devices = await getDevices({ limit: SEARCHED_DEVICES }, signal);
  const wanted = text.toLocaleLowerCase();
  const names = devices.map(({ device }) => device).filter((name) => name.toLocaleLowerCase().includes(wanted));
  if (!names.includes(text) && (await findDevice(text, signal))) names.unshift(text);
  // Who types the whole name means that device.
  const exact = names.filter((name) => name === text);
  return (exact.length > 0 ? exact : names.slice(0, MAX_DEVICE_HITS)).map(deviceHit);
}

/** Also behind the devices that were searched. A text that can be no device's name is refused with 400, and is none. */
async function findDevice(name: string, signal: AbortSignal): Promise<boolean> {
  if (deviceFault(name) !== undefined) return false;
  return (await unlessMissing(getDevice(name, signal))) !== undefined;
}

function blockHit(index: number): Hit {
  return { name: `Block ${index}`, what: 'block', route: { kind: 'block', block: String(index) } };
}

function deviceHit(device: string): Hit {
  return { name: device, what: 'device', route: { kind: 'device', device } };
}

function keyHit(device: string): Hit {
  return { ...deviceHit(device), what: 'device of this key' };
}
