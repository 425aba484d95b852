// A server that does little, beside the receiver and on the same PostgreSQL: what the machine and Node.js leave of a latency (bare-server-process.ts).

import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { ConnectionTarget } from '@telltale/database';
import type { SignedSample } from './bare-limits.ts';
import type { BareServerStart } from './bare-server-process.ts';

export interface BareServer {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startBareServer(connection: ConnectionTarget, sample: SignedSample): Promise<BareServer> {
  const child = fork(new URL('./bare-server-process.ts', import.meta.url));
  const exited = once(child, 'exit');
  const start: BareServerStart = {
    connection,
    pem: sample.pem,
    message: Buffer.from(sample.message).toString('hex'),
    signature: Buffer.from(sample.signature).toString('hex'),
  };
  child.send(start);
  const [port] = await Promise.race([
    once(child, 'message'),
    exited.then(() => Promise.reject(new Error('the bare server ended before it listened'))),
  ]);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      child.disconnect();
      await exited;
    },
  };
}
