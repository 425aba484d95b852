// Load over real HTTP: keep-alive connections of this process to the receiver's, which is another. With undici, which needs less of the cores
// that the receiver is measured on than node:http does.

import { Pool } from 'undici';

const HEADERS = { 'content-type': 'application/json' };

export class HttpLoad {
  private readonly pool: Pool;
  private readonly connections: number;

  constructor(url: string, connections: number) {
    this.pool = new Pool(url, { connections });
    this.connections = connections;
  }

  /** Sends all bodies, one after the other on each connection, and returns when every one was acknowledged. Throws for any other answer. */
  async sendAll(bodies: readonly Buffer[]): Promise<void> {
    let next = 0;
    const connection = async () => {
      for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) await this.send(body);
    };
    await Promise.all(Array.from({ length: this.connections }, connection));
  }

  /** POSTs one body and waits for its whole answer. Throws unless it is 200. */
  send(body: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      let status = 0;
      this.pool.dispatch(
        { path: '/receive_data', method: 'POST', headers: HEADERS, body },
        {
          onRequestStart: () => undefined,
          onResponseStart: (_controller, statusCode) => {
            status = statusCode;
          },
          onResponseData: () => undefined,
          onResponseEnd: () => {
            if (status === 200) resolve();
            else reject(new Error(`the receiver answered ${status}`));
          },
          onResponseError: (_controller, error) => reject(error),
        },
      );
    });
  }

  /** Cuts what is under way. */
  close(): void {
    void this.pool.destroy();
  }
}
