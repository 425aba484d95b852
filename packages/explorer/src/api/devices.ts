// Devices: their sequence, keys and clocks, GET /v1/devices.

import * as z from 'zod/mini';
import { ApiError, getJson } from './get-json.ts';

const device = z.object({
  device: z.string(),
  readings: z.number(),
  last_seq: z.nullable(z.number()),
  gaps: z.array(z.object({ from: z.number(), to: z.number() })),
  gap_count: z.number(),
  missing: z.number(),
  duplicates: z.number(),
  keys: z.array(z.object({ key_id: z.string(), from_leaf: z.number(), revoked_leaf: z.nullable(z.number()) })),
  first_seen_at: z.nullable(z.number()),
  last_seen_at: z.nullable(z.number()),
  last_device_time: z.nullable(z.number()),
  clock_offset_ms: z.nullable(z.number()),
  is_clock_off: z.boolean(),
});
export type DeviceAnswer = z.infer<typeof device>;

const page = z.object({ devices: z.array(device) });

/** Devices in the order of their names' bytes, behind `after`. */
export async function getDevices(
  of: { after?: string | undefined; limit: number },
  signal?: AbortSignal,
): Promise<DeviceAnswer[]> {
  const query = new URLSearchParams({ limit: String(of.limit) });
  if (of.after !== undefined) query.set('after', of.after);
  return (await getJson(page, `/v1/devices?${query}`, signal)).devices;
}

export async function getDevice(name: string, signal?: AbortSignal): Promise<DeviceAnswer> {
  // A path with such a part is another path (RFC 3986 section 5.2.4), so these are looked for in the list, from just before them on.
  if (name === '.' || name === '..') {
    const found = (await getDevices({ after: '-\u{10fffd}', limit: 10 }, signal)).find(({ device }) => device === name);
    if (found) return found;
    throw new ApiError(404, { code: 'device-not-found', detail: 'no leaf of this ledger names that device' });
  }
  return getJson(device, `/v1/devices/${encodeURIComponent(name)}`, signal);
}

const key = z.object({ devices: z.array(z.object({ device: z.string() })), own_device: z.string() });

/** Devices that a key was enrolled for, and its own, for which it speaks where a reading names none. */
export async function getDevicesOfKey(keyId: string, signal?: AbortSignal): Promise<{ named: string[]; own: string }> {
  const { devices, own_device: own } = await getJson(key, `/v1/keys/${keyId}`, signal);
  return { named: devices.map(({ device: name }) => name), own };
}
