// Whether a container engine answers on this machine, and the tests that need one: skipped with the reason in their name where none
// does, failed where TELLTALE_REQUIRE_DOCKER=1 says that one must.

import { spawnSync } from 'node:child_process';
import { describe, it } from 'vitest';

/** An engine that hangs is as good as none. A guess: one that answers does so well within a second. */
const answerTimeoutMs = 15_000;

/** Why no test can use containers here, or undefined when they can. */
function engineFault(): string | undefined {
  const info = spawnSync('docker', ['info', '--format', '{{.ServerVersion}}'], { timeout: answerTimeoutMs });
  if (info.error && 'code' in info.error && info.error.code === 'ENOENT') return 'docker is not installed';
  if (info.status !== 0) return 'no container engine answers';
  const compose = spawnSync('docker', ['compose', 'version'], { timeout: answerTimeoutMs });
  return compose.status === 0 ? undefined : 'docker compose is not installed';
}

/** `describe` for tests that need a container engine. */
export function describeWithEngine(name: string, define: () => void): void {
  const fault = engineFault();
  if (fault === undefined) {
    describe(name, define);
  } else if (process.env['TELLTALE_REQUIRE_DOCKER'] === '1') {
    describe(name, () => {
      it('finds the container engine that TELLTALE_REQUIRE_DOCKER=1 asks for', () => {
        throw new Error(fault);
      });
    });
  } else {
    describe.skip(`${name} (skipped: ${fault})`, define);
  }
}
