// What GET /v1/devices says, parsed as its callers would; and readings whose order in the log a test knows.

import { expect } from 'vitest';
import { z } from 'zod';
import { mustAccept } from './post-readings.ts';
import type { StoredLedger } from './stored-ledger.ts';
import type { TestDevice } from './test-device.ts';
import { until } from './until.ts';

const deviceAnswer = z.object({
  device: z.string(),
  readings: z.number(),
  last_seq: z.number().nullable(),
  gaps: z.array(z.object({ from: z.number(), to: z.number() })),
  gap_count: z.number(),
  missing: z.number(),
  duplicates: z.number(),
  keys: z.array(z.object({ key_id: z.string(), from_leaf: z.number(), revoked_leaf: z.number().nullable() })),
  key_in_force: z.array(z.string()),
  first_seen_at: z.number().nullable(),
  last_seen_at: z.number().nullable(),
  last_device_time: z.number().nullable(),
  clock_offset_ms: z.number().nullable(),
  is_clock_off: z.boolean(),
});
export type DeviceAnswer = z.infer<typeof deviceAnswer>;
const listAnswer = z.object({ devices: z.array(deviceAnswer) });
const problemAnswer = z.object({ status: z.number(), code: z.string(), title: z.string() });

export async function deviceOf(url: string, device: string): Promise<DeviceAnswer> {
  const answer = await fetch(`${url}/v1/devices/${encodeURIComponent(device)}`);
  expect(answer.status).toBe(200);
  return deviceAnswer.parse(await answer.json());
}

export async function problemOf(url: string, path: string): Promise<z.infer<typeof problemAnswer>> {
  const answer = await fetch(`${url}${path}`);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  const problem = problemAnswer.parse(await answer.json());
  expect(problem.status).toBe(answer.status);
  return problem;
}

/** All pages, by their Link headers. */
export async function listOf(url: string, query: string): Promise<{ devices: DeviceAnswer[]; pages: number }> {
  const devices: DeviceAnswer[] = [];
  let pages = 0;
  for (let path: string | undefined = `/v1/devices${query}`; path !== undefined; pages++) {
    const answer: Response = await fetch(`${url}${path}`);
    expect(answer.status).toBe(200);
    devices.push(...listAnswer.parse(await answer.json()).devices);
    path = /^<(.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
  }
  return { devices, pages };
}

/** Sends readings one request each, so that their order in the log is theirs here. */
export async function sendSeqs(
  url: string,
  of: { device: TestDevice; name: string; seqs: readonly (number | string)[] },
) {
  for (const [i, seq] of of.seqs.entries()) {
    await mustAccept(url, of.device.envelope(`{"device":${JSON.stringify(of.name)},"n":${i},"seq":${seq}}`));
  }
}

export async function untilAllSealed({ pool }: StoredLedger): Promise<void> {
  await until('all leaves are sealed', async () => {
    const { rows } = await pool.query<{ is_sealed: boolean }>(
      'SELECT next_leaf_index = (SELECT max(log_size) FROM blocks) AS is_sealed FROM log_counter',
    );
    return rows[0]?.is_sealed === true;
  });
}
