// A member of a ring as `telltale recover` sees one, keeping the blocks of one ledger; a test may take some away, change them or make it fail.

import { createServer, type ServerResponse } from 'node:http';
import { encodeBlockBody, laneOf, leafHash, MerkleTree, subtreesOf, toBase64, toHex } from '@telltale/ledger';
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
}

export async function startRingServer(ledger: SmallLedger, options: RingServerOptions = {}): Promise<RingServer> {
  const bodies = bodiesOf(ledger);
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
    const [, height] = new RegExp(`^/v1/ring/lanes/${LANE}/blocks/(\\d+)$`).exec(path) ?? [];
    const body = height === undefined ? undefined : bodies[Number(height)];
    if (!body) return json(response, 404, { title: 'there is nothing here', status: 404 });
    const given = options.change?.(Number(height), body) ?? body;
    if (typeof given === 'number') return json(response, given, { title: 'not now', status: given });
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(given);
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

function json(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
