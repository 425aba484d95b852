// The sender's process: configuration, start, signals, exit code. What it is made of stands in app.ts.

import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { startApp } from './app.ts';
import { loadConfig } from './config.ts';
import { StartError } from './start-error.ts';

/** Longest stop: 5 s for a request under way, and as much again for the rest. */
const STOP_DEADLINE_MS = 10_000;

try {
  const config = loadConfig();
  // Written at once: what is left in a buffer at the exit cannot be flushed into a pipe whose reader is gone, and would be tried for ever.
  const logger = pino({ level: config.logLevel }, pino.destination({ dest: 1, sync: true }));
  const app = await startApp({ config, logger });
  const grace = closeWithGrace({ delay: STOP_DEADLINE_MS, logger: false }, async ({ signal, err }) => {
    if (err === undefined) logger.info({ signal }, 'sender stopping');
    else logger.fatal({ err }, 'sender stopping after an error');
    await app.stop();
    if (err !== undefined) throw err;
  });
  // Started with an IPC channel, the sender belongs to its parent and ends with it, however the parent ended.
  if (process.channel !== undefined) process.once('disconnect', grace.close);
  logger.info({ url: app.url, apidocs: `${app.url}/apidocs` }, 'sender listening');
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`sender: ${error.message}\n`);
  process.exitCode = 1;
}
