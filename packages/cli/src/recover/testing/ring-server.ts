// A member of a ring as `telltale recover` sees one, keeping the blocks of one ledger; a test may take some away, change them or make it fail.

import { createServer, type ServerResponse } from 'node:http';
import {
  encodeBlockBody,
  HEADER_BYTES,
  headerHash,
  laneOf,
  leafHash,
  MerkleTree,
  subtreesOf,
  toBase64,
  toHex,
} from '@telltale/ledger';
import { LEDGER_KEY, ORIGIN, type SmallLedger } from '../../testing/small-ledger.ts';

export const LANE = toHex(laneOf(LEDGER_KEY.key.keyId));

export interface RingServer {
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

export interface RingServerOptions {
  /** The head that it names; by default the ledger's own. */
  readonly headHeight?: number;
  /** Given in place of a body. A number is a status; undefined is the body itself. */
  readonly change?: (height: number, body: Uint8Array) => Uint8Array | number | undefined;
  /** Another chain of the same key, whose blocks it gives too: by height in place of the ledger's, by hash both. */
  readonly rival?: SmallLedger;
  /** Of the blocks that have a rival it has lost the ledger's own. */
  readonly isRivalAlone?: boolean;
}

export async function startRingServer(ledger: SmallLedger, options: RingServerOptions = {}): Promise<RingServer> {
  const bodies = bodiesOf(ledger);
  const rivals = options.rival ? bodiesOf(options.rival) : [];
  const byHash = new Map(
    [...(options.isRivalAlone ? [] : bodies), ...rivals].map((body) => [
      toHex(headerHash(body.subarray(0, HEADER_BYTES))),
      body,
    ]),
  );
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    asked.push(path);
    if (path === '/v1/ring') return json(response, 200, { id: '00'.repeat(32), mode: 'member' });
    if (path === `/v1/ring/lanes/${LANE}`) {
      const public_key = toBase64(LEDGER_KEY.key.spki);
      return json(response, 200, {
        lane: LANE,
        origin: ORIGIN,
        public_key,
        height: options.headHeight ?? ledger.head.index,
      });
    }
    const [, hash] = /^\/v1\/ring\/blocks\/([0-9a-f]{64})$/.exec(path) ?? [];
    const [, height] = new RegExp(`^/v1/ring/lanes/${LANE}/blocks/(\\d+)$`).exec(path) ?? [];
    if (hash !== undefined) return give(response, byHash.get(hash), true);
    const body = height === undefined ? undefined : bodies[Number(height)];
    if (!body) return give(response, undefined, false);
    const given = options.change?.(Number(height), body) ?? body;
    const rival = rivals[Number(height)];
    const isOneOfSeveral = rival !== undefined && !Buffer.from(rival).equals(body);
    return give(response, isOneOfSeveral ? rival : given, isOneOfSeveral);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The bodies of a ledger's blocks, genesis first. */
export function bodiesOf(ledger: SmallLedger): Uint8Array[] {
  const tree = new MerkleTree();
  return ledger.builder.blocks.map((block) => {
    const previousLogSize = tree.size;
    const peaks = subtreesOf(0, previousLogSize).map(tree.node);
    for (const leaf of block.leaves) tree.append(leafHash(leaf));
    return encodeBlockBody({ ...block, previousLogSize, peaks });
  });
}

/** A number is a status. */
function give(response: ServerResponse, body: Uint8Array | number | undefined, isOneOfSeveral: boolean): void {
  if (body === undefined) json(response, 404, { title: 'there is nothing here', status: 404 });
  else if (typeof body === 'number') json(response, body, { title: 'not now', status: body });
  else {
    const conflict = isOneOfSeveral ? { 'telltale-lane-conflict': '1' } : {};
    response.writeHead(200, { 'content-type': 'application/octet-stream', ...conflict }).end(body);
  }
}

function json(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
