// How what was started is stopped: in reverse, each step within a time of its own. A step that fails or is late is logged and the next one
// runs all the same, because the last one stops the embedded PostgreSQL, which would outlive this process.

import type { Logger } from 'pino';

/**
 * The whole stop, after which main.ts ends the process whatever is still going on; longer than all the steps together. A guess, shorter
 * than what docker-compose.yml grants.
 */
export const STOP_DEADLINE_MS = 37_000;

/** What all plugins share, each an equal part of what is left. A guess: a plugin that says goodbye to other machines waits 2 s for one that does not answer. */
export const PLUGINS_STOP_MS = 3_000;

/** How long each step of stopping may take, in milliseconds and in the order of stopping. Guesses, but for what they are measured by. */
export const STEP_DEADLINES_MS = {
  /** The messages under way: one transaction, and their answers to the broker. What is not acknowledged, it keeps. */
  mqtt: 3_000,
  /** Their connections are ended under them; what is left is the block that is being hashed. */
  validations: 2_000,
  /** PLUGINS_STOP_MS, and what being late takes. Before the server: they may need it for their goodbye, and it would wait for their sockets. */
  plugins: 3_200,
  /** Longer than CLOSE_DEADLINE_MS of app.ts, which cuts the requests that go on. */
  server: 5_000,
  /** One transaction. */
  commits: 3_000,
  /** Whatever they check is refused. */
  verifiers: 500,
  /** Its requests are cut; what is left is a query. */
  cosigner: 2_000,
  /** One transaction, and the mining thread's end. */
  sealer: 3_000,
  /** Connections say goodbye: no query is under way unless an earlier step was late. */
  pool: 2_000,
  /** The last checkpoint: at most the 64 MB of shared_buffers. A server that needs longer goes on shutting down without us. */
  embeddedServer: 12_000,
} as const;

/** One thing that was started, and how it ends. */
export interface StopStep {
  readonly name: string;
  readonly deadlineMs: number;
  readonly stop: () => Promise<void>;
}

/** Takes all of `started` out of it and stops it, the newest first. Never rejects: what went wrong is in the log. */
export async function stopInReverse(started: StopStep[], log: Pick<Logger, 'warn'>): Promise<void> {
  for (const step of started.splice(0).reverse()) await stopOne(step, log);
}

async function stopOne({ name: step, deadlineMs, stop }: StopStep, log: Pick<Logger, 'warn'>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    log.warn({ step, deadlineMs }, 'a step of stopping is late and is left behind');
    late.resolve();
  }, deadlineMs);
  // A late step that fails in the end still ends here: nobody else would hear of it.
  const stopped = stop().catch((err: unknown) => log.warn({ err, step }, 'a step of stopping failed'));
  await Promise.race([stopped, late.promise]);
  clearTimeout(timer);
}
