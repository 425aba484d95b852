// The receiver's process: configuration, start, and an orderly end on a signal or when the program that started it goes away.

import { DatabaseError } from '@telltale/database';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { type Receiver, startReceiver } from './app.ts';
import { ConfigError, loadConfig } from './config.ts';
import { ReceiverError } from './errors.ts';
import { createLog } from './log.ts';
import { STOP_DEADLINE_MS } from './start-stop.ts';

let receiver: Promise<Receiver> | undefined;
try {
  const config = loadConfig();
  // Written at once: what is left in a buffer at the exit cannot be flushed into a pipe whose reader is gone, and would be tried for ever.
  const log = createLog(config.logLevel, pino.destination({ dest: 1, sync: true }));
  const grace = closeWithGrace({ delay: STOP_DEADLINE_MS, logger: false }, async ({ signal, err }) => {
    if (err === undefined) log.info({ signal }, 'receiver stopping');
    else log.fatal({ err }, 'receiver stopping after an error');
    // A start under way is finished first: half of one cannot be stopped in order. One that failed has stopped itself.
    const started = await receiver?.catch(() => undefined);
    await started?.stop();
    if (err !== undefined) throw err;
  });
  // Started with an IPC channel, the receiver belongs to its parent and ends with it, however the parent ended.
  if (process.channel !== undefined) process.once('disconnect', grace.close);
  receiver = startReceiver(config, log);
  const { url } = await receiver;
  log.info({ url, apidocs: `${url}/apidocs/` }, 'receiver listening');
} catch (error) {
  process.stderr.write(`receiver: ${explain(error)}\n`);
  process.exit(1);
}

/** One line for what an operator can mend, everything for what is our fault. */
function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof ReceiverError || error instanceof DatabaseError)
    return error.message;
  if (isListenError(error)) {
    return error.code === 'EADDRINUSE'
      ? `port ${error.port} is in use: stop the other program, or set PORT (with npm start: RECEIVER_PORT)`
      : `cannot listen on ${error.address}:${error.port} (${error.code}): set HOST and PORT`;
  }
  if (isLookupError(error)) return `HOST ${error.hostname} is no address of this machine (${error.code}): set HOST`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function isListenError(error: unknown): error is Error & { code: string; address: string; port: number } {
  return error instanceof Error && 'syscall' in error && error.syscall === 'listen';
}

/** HOST is a name that nobody knows. The database's host is not meant: what fails there arrives as a DatabaseError. */
function isLookupError(error: unknown): error is Error & { code: string; hostname: string } {
  return error instanceof Error && 'syscall' in error && error.syscall === 'getaddrinfo';
}
