// A real HTTP server on a free port, which answers as a test wants.

import { createServer, type RequestListener } from 'node:http';
import { onTestFinished } from 'vitest';

/** Where it listens, without a slash at the end; it ends with the test. */
export async function startTestServer(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP port');
  return `http://127.0.0.1:${address.port}`;
}
