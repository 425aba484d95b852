// A server that does little with a reading, as a process: node:http takes it, a signature is checked as the receiver checks it, and it is inserted,
// in one statement with all others that wait, and answered once that is durable. No log, no receipts, no devices, no limits (bare-server.ts).

import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ConnectionTarget, openPool } from '@telltale/database';
import { parsePublicKey } from '@telltale/ledger';
import { createFastVerifier } from '@telltale/signature-threads';

/** The parent's only message. Its answer is the port. */
export interface BareServerStart {
  readonly connection: ConnectionTarget;
  readonly pem: string;
  readonly message: string;
  readonly signature: string;
}

interface Waiting {
  readonly body: Buffer;
  readonly response: ServerResponse;
}

const [start] = (await once(process, 'message')) as [BareServerStart];
const key = parsePublicKey(createPublicKey(start.pem).export({ type: 'spki', format: 'der' }));
const verifier = key.ok ? createFastVerifier(key.value) : key;
if (!verifier.ok) throw new Error(verifier.message);
const verify = verifier.value;
const [message, signature] = [Buffer.from(start.message, 'hex'), Buffer.from(start.signature, 'hex')];
const pool = openPool({
  connection: start.connection,
  applicationName: 'telltale-bench-bare',
  maxConnections: 1,
  onError: () => undefined,
});
await pool.query('CREATE TABLE bench_bodies (id bigint GENERATED ALWAYS AS IDENTITY, body bytea)');
let waiting: Waiting[] = [];
let isInserting = false;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    // Of the same kind and length as the body's own.
    if (!verify(message, signature)) throw new Error('the sample is not signed');
    waiting.push({ body: Buffer.concat(chunks), response });
    if (!isInserting) void insertAll();
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.((server.address() as AddressInfo).port);
process.once('disconnect', () => process.exit());

async function insertAll(): Promise<void> {
  isInserting = true;
  while (waiting.length > 0) {
    const group = waiting;
    waiting = [];
    await pool.query({
      name: 'insert-bodies',
      text: 'INSERT INTO bench_bodies (body) SELECT unnest($1::bytea[])',
      values: [group.map(({ body }) => body)],
    });
    for (const { response } of group) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"stored":true}');
    }
  }
  isInserting = false;
}
