// `telltale watch`: follows a ledger as a monitor, look after look. It ends when it finds a second history, and keeps the evidence.

import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { writeWhole } from '@telltale/files';
import { toBase64 } from '@telltale/ledger';
import { CliError, EXIT, type ExitCode } from '../cli-error.ts';
import { type Command, type Context, JSON_OPTION } from '../command.ts';
import { reasonOf } from '../read-file.ts';
import { ReceiverClient } from '../receiver-client.ts';
import { readTrust, TRUST_OPTIONS } from '../trust.ts';
import { openMonitor } from './ledger-to-watch.ts';
import type { Monitor } from './monitor.ts';
import type { WatchFault } from './watch-fault.ts';
import { WatchReport } from './watch-report.ts';
import { loadSeen, type Seen, saveSeen } from './watch-state.ts';

/** Between two looks. A guess: a block is due every few seconds, and a monitor need not see each at once. */
const DEFAULT_EVERY_S = 10;
const MAX_EVERY_S = 24 * 3600;
/**
 * Looks in a row at a ledger that shows less than it signed, before that is called a rollback, and the time between them: one receiver of
 * several may be behind by as long as it takes to notice a block of another. Guesses.
 */
const SUSPECT_LOOKS = 4;
const SUSPECT_WAIT_MS = 1000;

export const watchCommand: Command = {
  usage: '<url> [--key <key> | --origin <origin>]',
  details: `Every new checkpoint and block must be signed, continue what was seen before, and verify with all its leaves. What was seen is kept in
a state file. Whatever is wrong ends it with exit code 1, and what shows it is kept beside the state file. Each run verifies the ledger from
its beginning once; after that it asks only for what is new.`,
  options: {
    every: { value: 'seconds', help: `Time between two looks (default ${DEFAULT_EVERY_S}).` },
    once: { help: 'Look once and end: 0 sound, 1 not sound, 2 could not check.' },
    state: { value: 'file', help: 'What was seen (default ~/.local/state/telltale/<host>.json).' },
    ...TRUST_OPTIONS,
    ...JSON_OPTION,
  },
  positionals: { min: 1, max: 1 },
  async run(given, context) {
    const client = new ReceiverClient(given.required(0), context.signal);
    const everyS = given.integer('every', { min: 1, max: MAX_EVERY_S }) ?? DEFAULT_EVERY_S;
    const stateFile = given.text('state') ?? join(context.config.stateFolder, `${fileNameOf(client.baseUrl)}.json`);
    const trust = await readTrust(given, context);
    const report = new WatchReport(context, given.has('json'));
    const saved = await loadSeen(stateFile);
    const { monitor, keySource } = await openMonitor({ client, trust, saved, stateFile });
    report.started(monitor.seen, keySource);
    const isOnce = given.has('once');
    return watch({ monitor, report, context, stateFile, everyMs: everyS * 1000, isOnce });
  },
};

interface Watch {
  readonly monitor: Monitor;
  readonly report: WatchReport;
  readonly context: Context;
  readonly stateFile: string;
  readonly everyMs: number;
  readonly isOnce: boolean;
}

async function watch(run: Watch): Promise<ExitCode> {
  const { context, everyMs, isOnce } = run;
  let suspects = 0;
  while (!context.signal.aborted) {
    const looked = await lookOnce(run);
    suspects = looked.kind === 'suspect' ? suspects + 1 : 0;
    if (looked.kind === 'fault' || (looked.kind === 'suspect' && suspects >= SUSPECT_LOOKS)) {
      return found(run, looked.fault);
    }
    if (isOnce && looked.kind !== 'suspect') return looked.kind === 'sound' ? EXIT.sound : EXIT.couldNotCheck;
    await wait(looked.kind === 'suspect' ? SUSPECT_WAIT_MS : everyMs, undefined, { signal: context.signal }).catch(
      () => {
        // Aborted: the loop ends. A timer fails in no other way.
      },
    );
  }
  return EXIT.sound;
}

type Looked = { kind: 'sound' | 'could-not-check' } | { kind: 'suspect' | 'fault'; fault: WatchFault };

async function lookOnce({ monitor, report, context, stateFile }: Watch): Promise<Looked> {
  try {
    const look = await monitor.look();
    if (look.kind !== 'sound') return look;
    // Kept before it is told: a crash between the two says too little, never that something was kept that was not.
    if (look.isNew) await saveSeen(stateFile, monitor.seen);
    report.sound(monitor.counts, look.isNew);
    return { kind: 'sound' };
  } catch (error) {
    // A state that cannot be kept is no monitor; a receiver that is away comes back.
    if (!(error instanceof CliError) || error.code === 'state') throw error;
    if (!context.signal.aborted) report.troubledBy(error);
    return { kind: 'could-not-check' };
  }
}

/** Keeps the evidence before anything is said. The state file stays as it was: the first history is still the one to compare with. */
async function found({ monitor, report, context, stateFile }: Watch, fault: WatchFault): Promise<ExitCode> {
  const { origin, key }: Seen = monitor.seen;
  const foundAtUs = context.nowUs();
  const path = `${stateFile}.evidence-${foundAtUs}.json`;
  const { evidence, ...what } = fault;
  const content = {
    format: 'telltale-evidence-v1',
    origin,
    public_key: toBase64(key.spki),
    found_at: foundAtUs,
    code: what.code,
    message: what.message,
    block_index: what.blockIndex ?? null,
    leaf_index: what.leafIndex ?? null,
    ...evidence,
  };
  // A crash before it is there: the next run finds the same again, as the state file was not moved on.
  await writeWhole({ path, chunks: [`${JSON.stringify(content, undefined, 2)}\n`] }).catch((cause: unknown) => {
    throw new CliError('state', `${fault.message}; and the evidence cannot be kept in ${path} (${reasonOf(cause)})`, {
      cause,
    });
  });
  report.found(fault, path);
  return EXIT.notSound;
}

/** `http://127.0.0.1:5001/x` becomes `127.0.0.1_5001_x`. */
function fileNameOf(baseUrl: string): string {
  return baseUrl.replace(/^https?:\/\//, '').replaceAll(/[^A-Za-z0-9.-]+/g, '_');
}
