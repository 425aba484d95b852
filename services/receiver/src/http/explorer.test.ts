// The explorer as the receiver serves it: its files, its policy, and what stands there where it was not built; and the blocks that it lists.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LEAF_KIND } from '@telltale/ledger';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type SealedLog, startSealedLog } from '../testing/sealed-log.ts';
import { handleNotFound } from './error-table.ts';
import { explorerRoutes } from './explorer.ts';

const STRICT = /^default-src 'none'; (?!.*(unsafe|\*|https?:))/;

describe('GET /', () => {
  const apps: FastifyInstance[] = [];
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'telltale-explorer-'));
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'index.html'), '<!doctype html><title>built</title>');
    await writeFile(join(folder, 'assets', 'index-1a2b.js'), 'export {};');
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function serve(build: string): Promise<FastifyInstance> {
    const app = fastify();
    apps.push(app);
    app.setNotFoundHandler(handleNotFound);
    await explorerRoutes(app, { folder: build });
    return app;
  }

  it('is the built page, asked for anew each time, under a policy that lets nothing in from elsewhere', async () => {
    const { statusCode, headers, body } = await (await serve(folder)).inject('/');
    expect(statusCode).toBe(200);
    expect(body).toContain('<title>built</title>');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['cache-control']).toBe('no-cache');
    expect(headers['content-security-policy']).toMatch(STRICT);
  });

  it('names files that are kept for ever', async () => {
    const app = await serve(folder);
    const { statusCode, headers } = await app.inject('/assets/index-1a2b.js');
    expect(statusCode).toBe(200);
    expect(headers['content-type']).toMatch(/^(text|application)\/javascript/);
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    for (const path of ['/assets/', '/assets/other.js', '/assets/../index.html', '/assets/%2e%2e/index.html']) {
      expect((await app.inject(path)).statusCode, path).toBeGreaterThanOrEqual(400);
    }
  });

  it('says how the page is built where it is not', async () => {
    const app = await serve(join(folder, 'nothing'));
    const { statusCode, headers, body } = await app.inject('/');
    expect(statusCode).toBe(404);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(body).toContain('npm run build --workspace=packages/explorer');
    expect((await app.inject('/assets/index-1a2b.js')).statusCode).toBe(404);
  });
});

describe('GET /v1/blocks', () => {
  const block = z.object({
    block_index: z.number(),
    hash: z.string(),
    previous_hash: z.string(),
    first_leaf: z.number(),
    log_size: z.number(),
    log_root: z.string(),
    readings: z.number(),
    difficulty: z.number(),
  });
  let log: SealedLog;
  beforeAll(async () => {
    log = await startSealedLog(60);
  });
  afterAll(() => log.stop());

  async function listFrom(start: string) {
    const blocks: z.infer<typeof block>[] = [];
    let pages = 0;
    for (let path: string | undefined = start; path !== undefined; pages++) {
      const answer: Response = await fetch(`${log.receiver.url}${path}`);
      expect(answer.status).toBe(200);
      blocks.push(...z.object({ blocks: z.array(block) }).parse(await answer.json()).blocks);
      path = /^<(.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    return { blocks, pages };
  }
  const statusOf = async (path: string) => (await fetch(`${log.receiver.url}${path}`)).status;

  it('lists all blocks, the newest first, page by page; they are linked and account for every leaf', async () => {
    const { blocks, pages } = await listFrom('/v1/blocks?limit=4');
    expect(pages).toBe(Math.ceil(blocks.length / 4));
    expect(blocks.map(({ block_index: index }) => index)).toEqual(blocks.map((_, i) => blocks.length - 1 - i));
    for (const [i, { previous_hash: previous, first_leaf: first }] of blocks.slice(0, -1).entries()) {
      expect(previous).toBe(blocks[i + 1]?.hash);
      expect(first).toBe(blocks[i + 1]?.log_size);
    }
    expect(blocks[0]).toMatchObject({
      log_size: log.tree.size,
      log_root: Buffer.from(log.tree.root()).toString('hex'),
      difficulty: 1,
    });
    expect(blocks.reduce((sum, { readings }) => sum + readings, 0)).toBe(
      log.leaves.filter((leaf) => leaf[0] === LEAF_KIND.reading).length,
    );
  });

  it('gives one block by its index or its hash, and no other', async () => {
    const { blocks } = await listFrom('/v1/blocks?limit=100');
    const [newest] = blocks;
    for (const asked of [newest?.hash, newest?.block_index]) {
      expect(await (await fetch(`${log.receiver.url}/v1/blocks/${asked}`)).json()).toMatchObject({ ...newest });
    }
    expect(await statusOf(`/v1/blocks/${blocks.length}`)).toBe(404);
    expect(await statusOf(`/v1/blocks/${'0'.repeat(64)}`)).toBe(404);
    for (const odd of ['-1', '01', 'x', 'F'.repeat(64)]) expect(await statusOf(`/v1/blocks/${odd}`), odd).toBe(400);
    for (const query of ['limit=0', 'limit=101', 'before=-1']) expect(await statusOf(`/v1/blocks?${query}`)).toBe(400);
  });

  it('has an empty page before the first block', async () => {
    expect(await listFrom('/v1/blocks?before=0')).toEqual({ blocks: [], pages: 1 });
  });
});
