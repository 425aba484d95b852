// A ring of seven receivers in two parts that cannot reach each other, by firewall rules in a network namespace of its own. Needs root, unshare and
// iptables, and is skipped elsewhere.

import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

const PROGRAM = fileURLToPath(new URL('partition-program.ts', import.meta.url));
const TRIAL = 'ip link set lo up && iptables --wait -A INPUT -s 127.0.0.2 -d 127.0.0.3 -j DROP';
const isAllowed = spawnSync('unshare', ['--net', 'sh', '-c', TRIAL], { stdio: 'ignore' }).status === 0;
const missing = isAllowed ? '' : ' (skipped: no network namespace with firewall rules here; root can have one)';

const partition = z.object({
  refused: z.number(),
  acknowledged: z.number(),
  unreadable: z.array(z.string()),
});
const result = z.object({ between: partition, inRow: partition, faults: z.array(z.string()) });

describe.runIf(isAllowed)(`seven receivers, three of which are cut off from the others${missing}`, () => {
  let seen: z.infer<typeof result>;

  beforeAll(async () => {
    // Only the embedded server can be reached from there: through a file, not the network.
    const { TEST_DATABASE_URL: _, ...env } = process.env;
    const { stdout } = await promisify(execFile)('unshare', ['--net', process.execPath, PROGRAM], { env });
    seen = result.parse(JSON.parse(stdout));
  }, 600_000);

  it('take every reading meanwhile, on both sides', () => {
    expect([seen.between.refused, seen.inRow.refused]).toEqual([0, 0]);
    // Seven receivers, forty readings each at least.
    expect(seen.between.acknowledged).toBeGreaterThanOrEqual(280);
    expect(seen.inRow.acknowledged).toBeGreaterThanOrEqual(280);
  });

  it('are one ideal ring with three copies of everything afterwards, and give each other’s readings', () => {
    expect([...seen.between.unreadable, ...seen.inRow.unreadable]).toEqual([]);
    expect(seen.faults).toEqual([]);
  });
});
