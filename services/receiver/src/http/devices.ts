// GET /v1/devices and /v1/devices/{device}: what the sealed readings of a device say of its sequence and its clock, and who speaks for it.
// Three times are told apart by their names: what the device's clock said, when the receiver took a reading, and (of a block) when it was sealed.

import { toHex } from '@telltale/ledger';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Pool } from 'pg';
import { z } from 'zod';
import { ReceiverError } from '../errors.ts';
import {
  type DeviceKey,
  type DeviceView,
  findKeysOfDevices,
  listDevices,
  viewDevices,
} from '../store/device-view-store.ts';
import { DATABASE_AWAY, ETAG, jsonAnswer, LINK_NEXT, NOT_MODIFIED, problems } from './answers.ts';
import { conditionalGet } from './conditional-get.ts';
import { deviceName } from './device-name.ts';
import { linkNextPage } from './next-page.ts';
import { pageLimit } from './whole-number.ts';

/** Gaps of each device in a list: enough to see what is going on. All that are kept of a single device. Guesses. */
const LISTED_GAPS = 10;
const SHOWN_GAPS = 4096;
const PAGE = { default: 100, most: 1000 };

/** Of the example. */
const KEY_ID = '7a1c9e0d2b3f4a5c6d7e8f901a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d';

const time = z.number().describe('Microseconds since the Unix epoch.');
const shape = z.object({
  device: z.string(),
  readings: z
    .number()
    .describe(
      'Sealed readings. Pending ones do not count yet, here and below. A list of readings counts as many as it has sequence numbers, at least one.',
    ),
  last_seq: z.number().nullable().describe('The highest sequence number.'),
  gaps: z
    .array(z.object({ from: z.number(), to: z.number().describe('The first number after the gap.') }))
    .describe(
      'Sequence numbers that no reading has, between the first and the last; the newest gaps, at most 10 in a list.',
    ),
  gap_count: z.number().describe('All gaps, also those that are not shown.'),
  missing: z
    .number()
    .describe('Numbers in all gaps. Not a proof of loss: only the device knows whether it ever used them.'),
  duplicates: z.number().describe('Readings whose number another reading of the device has.'),
  keys: z.array(
    z.object({
      key_id: z.string(),
      from_leaf: z.number().describe('The leaf that enrolled the key for the device.'),
      revoked_leaf: z.number().nullable(),
    }),
  ),
  key_in_force: z.array(z.string()).describe('Key ids that may speak for the device now.'),
  first_seen_at: time.nullable().describe('When the receiver took its first reading, in microseconds.'),
  last_seen_at: time.nullable().describe('When the receiver took its newest reading, in microseconds.'),
  last_device_time: time
    .nullable()
    .describe(
      'What the device’s own clock said: `timestamp` of its newest reading that has one, or of a SenML pack the absolute time of its last record; in microseconds.',
    ),
  clock_offset_ms: z
    .number()
    .nullable()
    .describe(
      'That device time less the received time of the same reading. Negative: a slow clock, or a late reading.',
    ),
  is_clock_off: z.boolean().describe('Whether the offset, either way, is above CLOCK_TOLERANCE_MS.'),
});
const example: z.infer<typeof shape> = {
  device: 'Raspberry Pi 1',
  readings: 17,
  last_seq: 18,
  gaps: [{ from: 7, to: 9 }],
  gap_count: 1,
  missing: 2,
  duplicates: 0,
  keys: [{ key_id: KEY_ID, from_leaf: 0, revoked_leaf: null }],
  key_in_force: [KEY_ID],
  first_seen_at: 1_767_225_600_123_456,
  last_seen_at: 1_767_225_640_123_456,
  last_device_time: 1_767_225_640_000_000,
  clock_offset_ms: -123,
  is_clock_off: false,
};
export const device = shape.meta({ id: 'Device', examples: [example] });
export const devices = z
  .object({ devices: z.array(device) })
  .meta({ id: 'Devices', examples: [{ devices: [example] }] });

export function devicesRoutes(app: FastifyInstance, context: { pool: Pool; clockToleranceMs: number }): void {
  const { pool } = context;
  const tags = ['Devices'];
  const typed = app.withTypeProvider<ZodTypeProvider>();

  const query = z.strictObject({
    after: deviceName.optional().describe('The last device of the page before.'),
    limit: pageLimit(PAGE),
  });
  typed.get(
    '/v1/devices',
    {
      onSend: conditionalGet,
      schema: {
        summary: 'All devices',
        description: 'In the order of their names’ bytes. Where there are more, `Link: <…>; rel="next"` leads to them.',
        tags,
        querystring: query,
        response: {
          200: jsonAnswer(devices, { description: 'A page of devices.', headers: { ...ETAG, ...LINK_NEXT } }),
          ...NOT_MODIFIED,
          ...problems(['request-invalid', 'querystring/limit must be a whole number in plain digits'], DATABASE_AWAY),
        },
      },
    },
    async ({ query: { after = '', limit } }, reply) => {
      const names = await listDevices(pool, { after, limit: limit + 1 });
      const shown = names.slice(0, limit);
      const last = shown.at(-1);
      if (names.length > limit && last !== undefined) {
        linkNextPage(reply, { path: '/v1/devices', query: { limit, after: last } });
      }
      return { devices: await describe(context, { devices: shown, gaps: LISTED_GAPS }) };
    },
  );

  typed.get(
    '/v1/devices/:device',
    {
      onSend: conditionalGet,
      schema: {
        summary: 'One device',
        description:
          'Its gaps and duplicates, its keys and its clock. A name is percent-encoded; names with a dot alone go by the list.',
        tags,
        params: z.object({ device: deviceName.meta({ description: 'Its name.', examples: ['Raspberry Pi 1'] }) }),
        response: {
          200: jsonAnswer(device, { description: 'The device.', headers: ETAG }),
          ...NOT_MODIFIED,
          ...problems(
            ['request-invalid', 'params/device a device name must not be empty'],
            ['device-not-found', 'no leaf of this ledger names that device'],
            DATABASE_AWAY,
          ),
        },
      },
    },
    async ({ params }) => {
      const [found] = await describe(context, { devices: [params.device], gaps: SHOWN_GAPS });
      if (!found || (found.readings === 0 && found.keys.length === 0)) {
        throw new ReceiverError('device-not-found', 'no leaf of this ledger names that device');
      }
      return found;
    },
  );
}

async function describe(
  context: { pool: Pool; clockToleranceMs: number },
  of: { devices: readonly string[]; gaps: number },
): Promise<z.infer<typeof shape>[]> {
  const { pool, clockToleranceMs } = context;
  const views = await viewDevices(pool, of);
  const keys = await findKeysOfDevices(pool, of.devices);
  return views.map((view) => toAnswer(view, { keys: keys.get(view.device) ?? [], clockToleranceMs }));
}

function toAnswer(
  view: DeviceView,
  beside: { keys: readonly DeviceKey[]; clockToleranceMs: number },
): z.infer<typeof shape> {
  const { keys, clockToleranceMs } = beside;
  const offsetUs = view.clock?.offsetUs;
  return {
    device: view.device,
    readings: view.readings,
    last_seq: view.lastSeq ?? null,
    gaps: view.gaps.map(({ start, end }) => ({ from: start, to: end })),
    gap_count: view.gapCount,
    missing: view.missing,
    duplicates: view.duplicates,
    keys: keys.map(({ keyId, fromLeaf, revokedAtLeaf }) => ({
      key_id: toHex(keyId),
      from_leaf: fromLeaf,
      revoked_leaf: revokedAtLeaf ?? null,
    })),
    key_in_force: keys.filter((key) => key.revokedAtLeaf === undefined).map((key) => toHex(key.keyId)),
    first_seen_at: view.firstReceivedAtUs ?? null,
    last_seen_at: view.lastReceivedAtUs ?? null,
    last_device_time: view.clock?.deviceTimeUs ?? null,
    clock_offset_ms: offsetUs === undefined ? null : Math.round(offsetUs / 1000),
    is_clock_off: offsetUs !== undefined && Math.abs(offsetUs) > clockToleranceMs * 1000,
  };
}
