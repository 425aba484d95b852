// Tiles, entry bundles and the checkpoint of a running receiver against the tree that a stranger makes of the leaves (C2SP tlog-tiles).

import { createHash } from 'node:crypto';
import { decodeEntryBundle, formatTilePath, levelSize, splitHashes, TILE_WIDTH, toHex } from '@telltale/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustAccept } from '../testing/post-readings.ts';
import { checkpointOf, type SealedLog, startSealedLog } from '../testing/sealed-log.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver } from '../testing/test-receiver.ts';

const FULL = 'public, max-age=31536000, immutable';

let log: SealedLog;
beforeAll(async () => {
  log = await startSealedLog(600);
});
afterAll(() => log.stop());

async function getTile(tile: { level: number | 'entries'; index: number; width?: number }): Promise<Response> {
  return fetch(`${log.receiver.url}/${formatTilePath(tile)}`);
}

async function bytesOf(response: Response): Promise<Buffer> {
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/octet-stream');
  return Buffer.from(await response.arrayBuffer());
}

/** What the tree has there: node `index` of tile level `level` is eight tree levels above the one below. */
function expected(tile: { level: number; index: number; width: number }): string[] {
  const start = tile.index * TILE_WIDTH;
  return Array.from({ length: tile.width }, (_, i) =>
    toHex(log.tree.node({ level: 8 * tile.level, index: start + i })),
  );
}

describe('a tile', () => {
  it('of each level and index has the hashes of the leaves, full or as wide as the checkpoint reaches', async () => {
    const { checkpoint } = await checkpointOf(log);
    expect(checkpoint.size).toBe(log.tree.size);
    expect(toHex(checkpoint.root)).toBe(toHex(log.tree.root()));
    let tiles = 0;
    for (let level = 0; levelSize(level, checkpoint.size) > 0; level++) {
      for (let index = 0; index * TILE_WIDTH < levelSize(level, checkpoint.size); index++) {
        const width = Math.min(TILE_WIDTH, levelSize(level, checkpoint.size) - index * TILE_WIDTH);
        const response = await getTile({ level, index, width });
        expect(splitHashes(await bytesOf(response)).map(toHex)).toEqual(expected({ level, index, width }));
        expect(response.headers.get('cache-control')).toBe(width === TILE_WIDTH ? FULL : 'public, max-age=3600');
        tiles++;
      }
    }
    expect(tiles).toBe(4);
  });

  it('of fewer hashes than are published is the beginning of the whole, also where the whole is full', async () => {
    for (const tile of [
      { level: 0, index: 0, width: 1 },
      { level: 0, index: 1, width: 255 },
      { level: 0, index: 2, width: 17 },
      { level: 1, index: 0, width: 1 },
    ]) {
      const response = await getTile(tile);
      expect(splitHashes(await bytesOf(response)).map(toHex)).toEqual(expected(tile));
      expect(response.headers.get('cache-control')).not.toContain('immutable');
    }
  });

  it('of a node above full tiles is what the leaves give, hashed by another implementation', async () => {
    const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
    let row = log.leaves.slice(0, TILE_WIDTH).map((leaf) => sha256(Uint8Array.of(0), leaf));
    while (row.length > 1) {
      row = row.flatMap((left, i) => (i % 2 === 0 ? [sha256(Uint8Array.of(1), left, row[i + 1] ?? left)] : []));
    }
    const bytes = await bytesOf(await getTile({ level: 1, index: 0, width: 1 }));
    expect(bytes.toString('hex')).toBe(row[0]?.toString('hex'));
  });

  const absent = [
    'tile/0/002',
    'tile/0/003',
    'tile/0/003.p/1',
    'tile/1/000',
    'tile/1/000.p/3',
    'tile/2/000.p/1',
    'tile/0/x001/000',
  ];
  it.each(absent)('that is not published yet is a 404 that no cache keeps: %s', async (path) => {
    const response = await fetch(`${log.receiver.url}/${path}`);
    expect(response.status).toBe(404);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({ code: 'tile-not-found' });
  });

  const malformed = [
    'tile/0/0',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/00/000',
    'tile/64/000',
    'tile/0/x000/000',
    'tile/-1/000',
    'tile/entries/000.p/01',
    'tile/0/000/',
  ];
  it.each(malformed)('has one path and no other: %s is a 400', async (path) => {
    const response = await fetch(`${log.receiver.url}/${path}`);
    expect(response.status).toBe(400);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });
});

describe('an entry bundle', () => {
  it('has the leaves, each after its length', async () => {
    const served: Uint8Array[] = [];
    for (let index = 0; index * TILE_WIDTH < log.tree.size; index++) {
      const width = Math.min(TILE_WIDTH, log.tree.size - index * TILE_WIDTH);
      const response = await getTile({ level: 'entries', index, width });
      const leaves = decodeEntryBundle(await bytesOf(response));
      if (!leaves.ok) throw new Error(leaves.message);
      expect(response.headers.get('cache-control')).toBe(width === TILE_WIDTH ? FULL : 'public, max-age=3600');
      served.push(...leaves.value);
    }
    expect(served.map(toHex)).toEqual(log.leaves.map(toHex));
  });

  it('that is not whole in the database is a 500 that no cache keeps', async () => {
    await log.stored.pool.query('DELETE FROM leaves WHERE leaf_index = 5');
    try {
      const response = await getTile({ level: 'entries', index: 0 });
      expect(response.status).toBe(500);
      expect(response.headers.get('cache-control')).toBe('no-store');
      // Its hash is still in the full tile, and in no partial one that is read from the leaves.
      expect((await getTile({ level: 0, index: 0 })).status).toBe(200);
    } finally {
      await log.stored.pool.query('INSERT INTO leaves VALUES (5, $1)', [log.leaves[5]]);
    }
  });

  it('of more than a page of memory is streamed', async () => {
    const receiver = await startTestReceiver({ variables: { TRANSACTIONS_PER_BLOCK: '40' } });
    try {
      const device = makeDevice();
      const text = 'x'.repeat(60_000);
      const envelopes = Array.from({ length: 40 }, (_, i) =>
        device.envelope(`{"device":"large","n":${i},"text":"${text}"}`),
      );
      await mustAccept(receiver.url, `[${envelopes.join(',')}]`, '?wait=sealed');
      const response = await fetch(`${receiver.url}/tile/entries/000.p/41`);
      const leaves = decodeEntryBundle(await bytesOf(response));
      if (!leaves.ok) throw new Error(leaves.message);
      expect(leaves.value.slice(1).map((leaf) => leaf.length > 60_000)).toEqual(Array.from({ length: 40 }, () => true));
    } finally {
      await receiver.stop();
    }
  });
});
