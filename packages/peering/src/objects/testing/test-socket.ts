// A WebSocket client for tests of devices and viewers, which remembers what came.

import { WebSocket } from 'ws';

/** A WebSocket and what came on it. */
export interface TestSocket {
  readonly socket: WebSocket;
  readonly frames: { readonly data: Buffer; readonly isBinary: boolean }[];
  /** The code with which it closed. */
  readonly closed: Promise<number>;
}

/** Opens a WebSocket on the http URL. Rejects, with the status, when the upgrade is refused. */
export async function connectSocket(url: string, headers: Record<string, string> = {}): Promise<TestSocket> {
  const socket = new WebSocket(url.replace('http:', 'ws:'), { headers });
  const frames: TestSocket['frames'] = [];
  socket.on('message', (data: Buffer, isBinary) => frames.push({ data, isBinary }));
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => reject(new Error(`status ${response.statusCode}`)));
  });
  // Later errors are told by the close code.
  socket.on('error', () => undefined);
  return { socket, frames, closed };
}
