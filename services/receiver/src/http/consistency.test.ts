// Paths between sizes of a running receiver's log, checked with the roots that a stranger computes from the leaves.

import { checkConsistency, hashFromHex } from '@telltale/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type SealedLog, startSealedLog } from '../testing/sealed-log.ts';

let log: SealedLog;
beforeAll(async () => {
  log = await startSealedLog(520);
});
afterAll(() => log.stop());

const growth = z.strictObject({ from: z.number(), to: z.number(), path: z.array(z.string()) });

async function consistency(query: string): Promise<Response> {
  return fetch(`${log.receiver.url}/v1/consistency?${query}`);
}

describe('GET /v1/consistency', () => {
  it('gives a path that checks between all pairs of sizes', async () => {
    const { tree } = log;
    const sizes = [0, 1, 2, 3, 8, 127, 128, 200, 255, 256, 257, 300, 384, 511, 512, 513, tree.size];
    for (const fromSize of sizes) {
      for (const toSize of sizes.filter((size) => size >= fromSize)) {
        const answer = growth.parse(await (await consistency(`from=${fromSize}&to=${toSize}`)).json());
        expect(answer).toMatchObject({ from: fromSize, to: toSize });
        const path = answer.path.map((hex) => hashFromHex(hex) ?? tree.root(0));
        const roots = { fromRoot: tree.root(fromSize), toRoot: tree.root(toSize) };
        expect(checkConsistency({ fromSize, toSize, ...roots, path }), `${fromSize} to ${toSize}`).toBe(true);
        if (path.length > 0) {
          expect(checkConsistency({ fromSize, toSize, ...roots, path: path.slice(1) })).toBe(false);
        }
      }
    }
  });

  it('goes to the published checkpoint where no second size is given', async () => {
    expect(await (await consistency('from=7')).json()).toMatchObject({ from: 7, to: log.tree.size });
  });

  it('is a 409 for a size that is not published yet', async () => {
    const response = await consistency(`from=1&to=${log.tree.size + 1}`);
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code: 'pending' });
  });

  it.each(['from=5&to=4', 'from=-1&to=4', 'from=0x1&to=4', 'from=&to=4', 'to=4', 'from=1&to=99999999999999999'])(
    'is a 400 for %s',
    async (query) => {
      const response = await consistency(query);
      expect(response.status).toBe(400);
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    },
  );
});
