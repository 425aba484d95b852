// What readers that stand still may hold of a receiver's memory, over real connections. What the routes answer otherwise: test/end-to-end.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeBlockBody, sha256, toHex } from '@telltale/ledger';
import { makeSealedChain } from '@telltale/plugin/testing';
import fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LaneReader } from '../lane/lane-reader.ts';
import { blockRecord } from '../replication/block-statement.ts';
import { laneRecord } from '../replication/lane-statement.ts';
import { rawKeyOf } from '../replication/raw-key.ts';
import { signRecord } from '../replication/signed-record.ts';
import { oneStoreRing } from '../testing/one-store-ring.ts';
import { until } from '../testing/until.ts';
import { laneRoutes } from './lane-routes.ts';

/** 8 MB: more than the buffers of a connection take in. */
const chain = makeSealedChain({ blockCount: 1, readingsPerBlock: 40_000 });
const { ledger, blocks } = chain;
const [, block = expect.unreachable()] = blocks;
const body = encodeBlockBody({ ...block, previousLogSize: 0, peaks: [] });
const path = `/v1/ring/blocks/${toHex(block.hash)}`;

let app: FastifyInstance;
let url: string;
const sockets: Socket[] = [];
beforeEach(async () => {
  const ring = oneStoreRing();
  const owner = rawKeyOf(ledger.publicKey);
  await ring.putRecord(signRecord(laneRecord(owner, ledger), ledger.signText));
  await ring.putValue(body);
  const { blockIndex: height, hash: headerHash } = block;
  const statement = { lane: ledger.lane, height, headerHash, bodyHash: sha256(body), bodyBytes: body.length };
  await ring.putRecord(signRecord(blockRecord(owner, statement), ledger.signText));
  app = fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  laneRoutes(app, new LaneReader(ring), 2 * body.length);
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await app.close();
});

/** Asks for the block, and reads no more than its first bytes. */
async function readNothing(): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  sockets.push(socket);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await once(socket, 'readable');
  return socket;
}

describe('blocks on their way to readers that stand still', () => {
  it('are bounded: the next reader is told to come again, and served once one of them is gone', async () => {
    const first = await readNothing();
    await readNothing();
    const refused = await fetch(`${url}${path}`);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: 'overloaded' });
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(refused.headers.get('telltale-lane')).toBeNull();

    first.destroy();
    await until(async () => {
      const answer = await fetch(`${url}${path}`);
      return (await answer.arrayBuffer()).byteLength === body.length;
    }, 'the block is given again');
    // Each of these gives back what it held.
    for (let i = 0; i < 3; i++)
      expect((await (await fetch(`${url}${path}`)).arrayBuffer()).byteLength).toBe(body.length);
  });
});
