// `telltale recover`: a ledger whose database is lost comes back from the ring that keeps its blocks. What it reads it checks; what it writes
// into the database the receiver's own import writes, which checks everything once more.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeWhole } from '@telltale/files';
import { ALGORITHM, createVerifier } from '@telltale/ledger';
import { withSignatureThreads } from '@telltale/signature-threads';
import { CliError, EXIT, type ExitCode } from '../cli-error.ts';
import { type Command, type Context, type Given, JSON_OPTION, writeResult } from '../command.ts';
import { openExportSource } from '../export-source.ts';
import { importFrom } from '../import/import-from.ts';
import { readKeyFile } from '../keys/key-file.ts';
import { reasonOf } from '../read-file.ts';
import { KEPT_OPTIONS, keptFiles } from '../verify/kept-options.ts';
import { exitOfKept } from '../verify/kept-text.ts';
import { Progress } from '../verify/progress.ts';
import type { LedgerKey } from './lane-blocks.ts';
import { judgeRecovered } from './recovered-and-kept.ts';
import { NoChain, RecoveredChain } from './recovered-chain.ts';
import { type Recovery, recoveryJson, recoveryText } from './recovery-text.ts';
import { RingMembers } from './ring-members.ts';

export const recoverCommand: Command = {
  usage: '--ring <url>… --ledger-key <file> [--out <file>] [--receipt|--checkpoint|--proof|--export <file>]…',
  details: `For a receiver of a ring that lost its database and still has its ledger’s key. Every block that the ring keeps of the ledger is read,
checked alone and as a chain, and imported into an empty database, all of it or nothing. Settings of the database are those of telltale
import: DATABASE_URL, or DATA_DIR for the embedded PostgreSQL. Then start the receiver with the same settings and key. Readings that
were acknowledged and not in a replicated block yet are not in the ring, unless they were sent with ack=quorum; what you kept of the
ledger shows whether that happened, and nothing is imported then. The old receiver must not seal any more.`,
  options: {
    ring: {
      value: 'url',
      isRepeatable: true,
      help: 'A receiver that is in the ring. Several: what one cannot give, another may.',
    },
    'ledger-key': { value: 'file', help: 'The ledger’s private key (ledger-key.pem of the data folder).' },
    origin: { value: 'origin', help: 'The ledger’s origin (default: what the ring says that it is).' },
    out: { value: 'file', help: 'Save the export that the ring gave here too, whatever comes of its import.' },
    partial: {
      help: 'Where a block is missing, save the chain before it in --out. Imports nothing then; exit code 2.',
    },
    ...KEPT_OPTIONS,
    ...JSON_OPTION,
  },
  positionals: { min: 0, max: 0 },
  async run(given, context) {
    const out = given.text('out');
    if (given.has('partial') && out === undefined) throw new CliError('usage', '--partial needs --out');
    const keyFile = given.requiredText('ledger-key');
    if (given.list('ring').length === 0) throw new CliError('usage', '--ring is missing');
    const ledgerKey = await readLedgerKey(keyFile);
    const folder = out === undefined ? await mkdtemp(join(tmpdir(), 'telltale-recover-')) : undefined;
    try {
      const path = out ?? join(folder ?? '', 'recovered.jsonl');
      const recovery = await recover(given, { context, ledgerKey, keyFile, path, isKept: out !== undefined });
      writeResult(context, given, { text: recoveryText(recovery), json: recoveryJson(recovery) });
      return exitOf(recovery);
    } finally {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    }
  },
};

function exitOf(recovery: Recovery): ExitCode {
  switch (recovery.kind) {
    case 'recovered':
      return EXIT.sound;
    case 'not-sound':
    case 'not-imported':
      return EXIT.notSound;
    case 'at-odds':
      return exitOfKept(recovery.kept) === EXIT.notSound ? EXIT.notSound : EXIT.couldNotCheck;
    case 'partial':
      return EXIT.couldNotCheck;
    default:
      return recovery satisfies never;
  }
}

interface Run {
  readonly context: Context;
  readonly ledgerKey: LedgerKey;
  readonly keyFile: string;
  /** Where the export goes, and whether it stays there. */
  readonly path: string;
  readonly isKept: boolean;
}

async function recover(given: Given, run: Run): Promise<Recovery> {
  const { context, ledgerKey, keyFile, path } = run;
  const kept = await keptFiles(given);
  const file = run.isKept ? path : undefined;
  // Its own end too: when a block is wrong, those that were asked for ahead are not waited for.
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  try {
    return await withSignatureThreads(async (checker) => {
      const members = await RingMembers.open(given.list('ring'), {
        signal,
        onAbsent: (why) => context.stderr.write(`telltale: ${why}\n`),
      });
      const isPartial = given.has('partial');
      const chain = await RecoveredChain.find({ ledgerKey, origin: given.text('origin'), members, isPartial, checker });
      await writeExport(chain, run);
      const { missingHeight, headHeight, heightsOfSeveral, ledger } = chain;
      const facts = {
        origin: ledger.origin,
        key: ledger.key,
        summary: chain.summary(),
        headHeight,
        heightsOfSeveral,
        file,
      };
      if (missingHeight !== undefined) return { kind: 'partial', ...facts, missingHeight };
      const judged = kept && (await judgeRecovered({ kept, path, ledger, checker }));
      // What is open now is a contradiction as soon as the ledger goes on without it.
      if (judged && judged.findings.length > 0) return { kind: 'at-odds', ...facts, kept: judged };
      const report = await importFrom(await openExportSource(path, context), {
        context,
        // That key, whatever .env says: it is the one whose chain this is.
        variables: { LEDGER_KEY_FILE: resolve(keyFile), LEDGER_ORIGIN: ledger.origin },
      });
      if (report.kind === 'refused') throw new CliError('refused', report.message);
      return { kind: report.kind === 'imported' ? 'recovered' : 'not-imported', ...facts, report, kept: judged };
    });
  } catch (error) {
    if (error instanceof NoChain) return { kind: 'not-sound', key: ledgerKey.key, fault: error.fault };
    if (context.signal.aborted && !(error instanceof CliError && error.code === 'refused')) {
      throw new CliError('usage', 'ended before everything was recovered: nothing was imported', { cause: error });
    }
    throw error;
  } finally {
    ended.abort();
  }
}

/** A crash leaves no file, or a whole one: nothing else was written yet. */
async function writeExport(chain: RecoveredChain, { context, path }: Run): Promise<void> {
  const progress = context.stderr.isTerminal
    ? new Progress({ output: context.stderr, total: undefined, nowMs: () => performance.now() })
    : undefined;
  try {
    await writeWhole({ path, chunks: chain.lines((leaves) => progress?.tookLeaves(leaves)) });
  } catch (cause) {
    if (cause instanceof CliError || cause instanceof NoChain || context.signal.aborted) throw cause;
    throw new CliError('file', `${path} cannot be written (${reasonOf(cause)})`, { cause });
  } finally {
    progress?.end();
  }
}

async function readLedgerKey(file: string): Promise<LedgerKey> {
  const { key, sign } = await readKeyFile(file);
  const verify = createVerifier(key);
  if (key.algorithm === ALGORITHM.ed25519 && verify.ok) return { key, sign, verify: verify.value };
  throw new CliError('key-file', `${file} is no ledger’s key: those are Ed25519 keys`);
}
