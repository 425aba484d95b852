// Vitest's globalSetup: one PostgreSQL server for the whole run, whose address tests get with inject('testServer').

import type { TestProject } from 'vitest/node';
import type { ConnectionTarget } from '../connection-target.ts';
import { startTestServer } from './test-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** For createTestDatabase. */
    testServer: ConnectionTarget;
  }
}

/** Called by vitest once a run; what it returns is called at the end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestServer();
  project.provide('testServer', server.adminTarget);
  return () => server.stop();
}
