// A receiver for tests: a real HTTP server that checks signatures over the exact bytes it got, keeps a small log, and gives receipts.
// It is written from format.md with node:crypto alone, so that it shares no code with what it tests. A test may script its answers.

import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EnrolmentDesk, isSignedBy } from './enrolment-desk.ts';

export type SeenEnvelope = { data: string; signature: Buffer; publicKeyPem: string; transactionId: string };

/** How one request is answered: as a receiver does, by a scripted answer, or by taking the messages and hanging up. */
export type Script =
  | { kind: 'accept' }
  | { kind: 'lose-answer' }
  | { kind: 'answer'; status: number; body: unknown; headers?: Record<string, string> }
  /** Reads the request and says nothing. */
  | { kind: 'silence' }
  /** Accepts, and changes the receipts on their way out. */
  | { kind: 'accept-but'; change: (receipt: Record<string, unknown>, position: number) => Record<string, unknown> };

type Accepted = { leafIndex: number; receivedAtUs: number; leafHash: string; data: string };

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

export class ReceiverStandIn {
  /** What the log holds, by transaction id. */
  readonly accepted = new Map<string, Accepted>();
  /** The envelopes of each request, in order of arrival. */
  readonly requests: SeenEnvelope[][] = [];
  readonly ledgerPublicKeyBase64: string;
  /** Answers everything under /v1. */
  readonly desk: EnrolmentDesk;
  /** Decides each answer. */
  script: (envelopes: readonly SeenEnvelope[], requestIndex: number) => Script = () => ({ kind: 'accept' });
  readonly #ledgerKey: KeyObject;
  readonly #origin: string;
  #server: Server | undefined;
  #port = 0;

  constructor() {
    const pair = generateKeyPairSync('ed25519');
    const spki = pair.publicKey.export({ type: 'spki', format: 'der' });
    this.#ledgerKey = pair.privateKey;
    this.ledgerPublicKeyBase64 = spki.toString('base64');
    this.#origin = `telltale.local/${sha256(spki).subarray(0, 12).toString('hex')}`;
    this.desk = new EnrolmentDesk(this.#origin);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens; on the same port as before when it was stopped. */
  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#onRequest(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    if (request.url?.startsWith('/v1/') === true) {
      const { method = '', url: path } = request;
      return respond(response, this.desk.answer({ method, path, body }));
    }
    if (request.method !== 'POST' || request.url !== '/receive_data') {
      response.writeHead(404).end();
      return;
    }
    const envelopes = readEnvelopes(body);
    this.requests.push(envelopes);
    const script = this.script(envelopes, this.requests.length - 1);
    switch (script.kind) {
      case 'answer':
        return respond(response, script);
      case 'silence':
        return;
      case 'lose-answer':
        this.#accept(envelopes);
        request.socket.destroy();
        return;
      case 'accept':
      case 'accept-but': {
        const receipts = this.#accept(envelopes);
        const changed = script.kind === 'accept' ? receipts : receipts.map(script.change);
        const body = { status: 'success', message: 'Data added to blockchain', receipts: changed };
        return respond(response, { status: 200, body });
      }
    }
  }

  #accept(envelopes: readonly SeenEnvelope[]): Record<string, unknown>[] {
    return envelopes.map((envelope) => {
      const known = this.accepted.get(envelope.transactionId) ?? this.#append(envelope);
      const line = Buffer.from(`${known.leafIndex}\n${known.leafHash}\n${known.receivedAtUs}\n`);
      // A group commit of one: the root over one line is that line's leaf hash, and the path is empty.
      const root = sha256(Buffer.from([0]), line).toString('hex');
      const text = `telltale-receipt-v1\n${this.#origin}\n${root}\n0\n`;
      return {
        transaction_id: envelope.transactionId,
        leaf_index: known.leafIndex,
        leaf_hash: known.leafHash,
        received_at: known.receivedAtUs,
        seal_by: 0,
        position: 0,
        count: 1,
        path: [],
        signature: sign(null, Buffer.from(text), this.#ledgerKey).toString('base64'),
      };
    });
  }

  #append({ data, signature, publicKeyPem, transactionId }: SeenEnvelope): Accepted {
    const key = createPublicKey(publicKeyPem);
    const message = Buffer.from(data);
    if (!isSignedBy(key, message, signature)) throw new Error('a signature does not fit the bytes that arrived');
    const receivedAtUs = Date.now() * 1000;
    const fixed = Buffer.alloc(44);
    fixed[0] = 1;
    fixed[1] = { ed25519: 1, ec: 2, rsa: 3 }[key.asymmetricKeyType as string] ?? 0;
    fixed.writeBigUInt64BE(BigInt(receivedAtUs), 2);
    sha256(key.export({ type: 'spki', format: 'der' })).copy(fixed, 10);
    fixed.writeUInt16BE(signature.length, 42);
    const leafHash = sha256(Buffer.from([0]), fixed, signature, message).toString('hex');
    const accepted = { leafIndex: this.accepted.size, receivedAtUs, leafHash, data };
    this.accepted.set(transactionId, accepted);
    return accepted;
  }
}

/** Takes the raw slice of each `data`; the messages of the tests do not contain the text that ends it. */
function readEnvelopes(body: string): SeenEnvelope[] {
  const parsed = JSON.parse(body) as { signature: string; public_key: string }[];
  const slices = [...body.matchAll(/\{"data": (.*?), "signature": "/gs)].map((match) => match[1] ?? '');
  return parsed.map(({ signature, public_key }, position) => {
    const data = slices[position] ?? '';
    const spki = createPublicKey(public_key).export({ type: 'spki', format: 'der' });
    const transactionId = sha256(sha256(spki), Buffer.from(data)).toString('hex');
    return { data, signature: Buffer.from(signature, 'base64'), publicKeyPem: public_key, transactionId };
  });
}

function respond(
  response: ServerResponse,
  answer: { status: number; body: unknown; headers?: Record<string, string> },
): void {
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(text);
}
