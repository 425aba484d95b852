// Load over real HTTP: keep-alive connections of this process to the receiver's, which is another.

import { Agent, request } from 'node:http';

export class HttpLoad {
  private readonly url: URL;
  private readonly agent: Agent;

  constructor(url: string, connections: number) {
    this.url = new URL('/receive_data', url);
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Sends all bodies, one after the other on each connection, and returns when every one was acknowledged. Throws for any other answer. */
  async sendAll(bodies: readonly Buffer[]): Promise<void> {
    let next = 0;
    const connection = async () => {
      for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) await this.send(body);
    };
    await Promise.all(Array.from({ length: this.agent.maxSockets }, connection));
  }

  /** POSTs one body and waits for its whole answer. Throws unless it is 200. */
  send(body: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': body.length };
      const sent = request(this.url, { agent: this.agent, method: 'POST', headers }, (response) => {
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`the receiver answered ${response.statusCode}`));
        });
        response.resume();
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
