// A receiver as a monitor sees one, serving a ledger that a test may exchange for another at any moment.

import { createServer } from 'node:http';
import { toBase64 } from '@telltale/ledger';
import { LEDGER_KEY, ORIGIN, type SmallLedger } from './small-ledger.ts';

export interface LedgerServer {
  readonly url: string;
  /** The first block of each export that was asked for, in order. */
  readonly asked: readonly number[];
  /** From now on it shows this ledger; `checkpoint` stands in place of the ledger's own. */
  show(ledger: SmallLedger, checkpoint?: string): void;
  stop(): Promise<void>;
}

export async function startLedgerServer(first: SmallLedger): Promise<LedgerServer> {
  let shown = first;
  let checkpoint = first.checkpoint;
  const asked: number[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const json = (value: object, status = 200) => response.writeHead(status).end(JSON.stringify(value));
    switch (pathname) {
      case '/checkpoint':
        return response.end(checkpoint);
      case '/v1/ledger':
        return json({ origin: ORIGIN, public_key: toBase64(LEDGER_KEY.key.spki), head: shown.head });
      case '/v1/export': {
        const from = Number(searchParams.get('from_block'));
        asked.push(from);
        if (from > shown.lines.length - 2) return json({ title: 'not so many', status: 409, code: 'pending' }, 409);
        return response.end(`${shown.lines.toSpliced(1, from).join('\n')}\n`);
      }
      case '/v1/consistency': {
        const from = Number(searchParams.get('from'));
        const to = Number(searchParams.get('to'));
        if (to > shown.size) return json({ title: 'not so many', status: 409, code: 'pending' }, 409);
        return json({ from, to, path: shown.consistency({ from, to }) });
      }
      default:
        return json({ title: 'there is nothing here', status: 404, code: 'not-found' }, 404);
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    show(ledger, other = ledger.checkpoint) {
      shown = ledger;
      checkpoint = other;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
