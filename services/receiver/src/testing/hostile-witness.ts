// A witness of tests, honest or hostile in one way at a time, and how often it was asked. What it signs with is packages/ledger.

import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  checkConsistency,
  cosignCheckpoint,
  createSigner,
  EMPTY_ROOT,
  formatCosignerKey,
  type Hash,
  parseAddCheckpoint,
  parseCheckpoint,
  parseNote,
} from '@telltale/ledger';

/** What it answers, right or wrong. Not to end the response means never to answer. */
export type Behaviour = (asked: {
  body: string;
  response: ServerResponse;
  /** A cosignature line of its own over any text and time; the checkpoint's text and now, where they are not given. */
  line: (of?: { text?: string; timeS?: number }) => string;
  /** Answers as a witness should. */
  behave: () => void;
}) => void;

export interface HostileWitness {
  /** For WITNESSES. */
  readonly address: string;
  readonly key: string;
  /** Requests that arrived at its submission prefix. */
  readonly requests: number;
  /** The largest size that a cosignature was asked for, once that request has ended, whatever its end. */
  readonly answeredSize: number;
  /** Most requests that were under way at one time. */
  readonly mostAtOnce: number;
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

/** The behaviour of an honest witness. */
export const honest: Behaviour = ({ behave }) => behave();

export async function startHostileWitness(name: string): Promise<HostileWitness> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const sign = createSigner(privateKey);
  const key = formatCosignerKey(name, spki);
  let behaviour: Behaviour = honest;
  let held: { size: number; root: Hash } = { size: 0, root: EMPTY_ROOT };
  let requests = 0;
  let answeredSize = -1;
  let underWay = 0;
  let mostAtOnce = 0;

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    const checkpoint = body.slice(body.indexOf('\n\n') + 2);
    const ownText = checkpoint.slice(0, checkpoint.indexOf('\n\n') + 1);
    response.on('close', () => {
      answeredSize = Math.max(answeredSize, Number(ownText.split('\n')[1]));
    });
    const line = (of: { text?: string; timeS?: number } = {}) =>
      cosignCheckpoint({
        checkpointText: of.text ?? ownText,
        timeS: of.timeS ?? Math.floor(Date.now() / 1000),
        name,
        spki,
        sign,
      });
    const behave = () => {
      const next = consistent(body, held);
      if (next === undefined) {
        response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end(`${held.size}\n`);
        return;
      }
      held = next;
      response.writeHead(200).end(line());
    };
    behaviour({ body, response, line, behave });
  };

  const server = createServer((request, response) => {
    requests++;
    underWay++;
    mostAtOnce = Math.max(mostAtOnce, underWay);
    response.on('close', () => {
      underWay--;
    });
    // What a behaviour does to the connection is the receiver's to bear.
    response.on('error', () => undefined);
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the witness has no TCP port');
  return {
    address: `http://127.0.0.1:${address.port}/witness|${key}`,
    key,
    get requests() {
      return requests;
    },
    get answeredSize() {
      return answeredSize;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    behave(next) {
      behaviour = next;
    },
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The state that a request leads to from `held`, or undefined when it does not start there. Throws when its path is wrong. */
function consistent(body: string, held: { size: number; root: Hash }): { size: number; root: Hash } | undefined {
  const request = parseAddCheckpoint(body);
  if (!request.ok) throw new Error(request.message);
  const note = parseNote(request.value.checkpoint);
  if (!note.ok) throw new Error(note.message);
  const checkpoint = parseCheckpoint(note.value.text);
  if (!checkpoint.ok) throw new Error(checkpoint.message);
  const { oldSize, path } = request.value;
  const { size, root } = checkpoint.value;
  if (oldSize !== held.size) return undefined;
  const isConsistent = checkConsistency({ fromSize: oldSize, fromRoot: held.root, toSize: size, toRoot: root, path });
  if (!isConsistent) throw new Error('the path is wrong');
  return { size, root };
}
