// Verifying an export, line by line and in bounded memory: whose it is, the whole chain, each transaction sealed once, and an end that is
// the ledger's signed checkpoint of the last block. Source: format.md "Export".

import type { Block } from './block.ts';
import { equalBytes } from './bytes.ts';
import { type ChainSummary, ChainVerifier, type VerifiedLeaf } from './chain.ts';
import type { ChainFault } from './chain-fault.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { type ExportLine, parseExportLine } from './export-line.ts';
import type { PublicKey } from './keys.ts';
import { type NoteVerifier, noteVerifierOf } from './note.ts';
import { SealedOnce } from './sealed-once.ts';
import { SequenceAccount } from './sequence-account.ts';
import type { SignatureChecker } from './signature-queue.ts';

/** Lines before the first block. */
const HEAD_LINES = 1;

/** The first thing that is wrong with an export, and its line. */
export interface ExportFault extends ChainFault {
  /** Counted from 1. */
  readonly line: number;
}

/** What an export is worth. Counts and times are of the part that was read before the fault, if there is one. */
export interface ExportVerdict {
  readonly isSound: boolean;
  /** The first thing that is wrong. Absent exactly when the export is sound. */
  readonly fault?: ExportFault;
  /** What the export itself says; absent when its first line cannot be read. */
  readonly origin?: string;
  readonly key?: PublicKey;
  /** `told`: the verifier was told whose key it must be. `export`: only the export itself says so, and anyone can make an export. */
  readonly keySource: 'told' | 'export';
  readonly summary: ChainSummary;
  readonly firstReceivedAtUs?: number;
  readonly lastReceivedAtUs?: number;
  /** Gaps, duplicates and times of each device. */
  readonly sequences: SequenceAccount;
  /** The end of a sound export: its checkpoint, and the signed note that holds it. */
  readonly checkpoint?: Checkpoint;
  readonly checkpointNote?: string;
}

/** A block that fits the chain so far. Its signatures may still be under way: only the verdict says that they are right. */
export interface ExportedBlock {
  readonly blockIndex: number;
  readonly block: Block;
  readonly leaves: readonly VerifiedLeaf[];
}

/**
 * Reads an export to its end or its first fault. `lines`: without line feeds (`splitLines`). `trusted`: whose export it must be; an origin
 * alone says nothing about the key. `onBlock` is awaited for each block. `checker` checks the signatures, by default with each key's own
 * verifier; when it could not, this rejects, and nothing can be said of the export. Never throws for what the lines hold.
 */
export async function verifyExport(source: {
  lines: AsyncIterable<Uint8Array>;
  trusted?: { key?: PublicKey; origin?: string };
  onBlock?: (block: ExportedBlock) => Promise<void>;
  checker?: SignatureChecker;
}): Promise<ExportVerdict> {
  const reader = new ExportReader(source);
  for await (const line of source.lines) {
    if (await reader.take(line)) break;
  }
  return reader.finish();
}

class ExportReader {
  private readonly trusted: { key?: PublicKey; origin?: string };
  private readonly onBlock: ((block: ExportedBlock) => Promise<void>) | undefined;
  private readonly checker: SignatureChecker | undefined;
  private readonly sealedOnce = new SealedOnce();
  private readonly sequences = new SequenceAccount();
  private ledger: { origin: string; key: PublicKey; verifier: NoteVerifier; chain: ChainVerifier } | undefined;
  private end: { checkpoint: Checkpoint; checkpointNote: string } | undefined;
  private leaves: VerifiedLeaf[] = [];
  private firstReceivedAtUs: number | undefined;
  private lastReceivedAtUs: number | undefined;
  private lines = 0;
  private fault: ExportFault | undefined;

  constructor(source: Omit<Parameters<typeof verifyExport>[0], 'lines'>) {
    this.trusted = source.trusted ?? {};
    this.onBlock = source.onBlock;
    this.checker = source.checker;
  }

  /** Takes the next line; says whether there was a fault, after which no more is read. */
  async take(bytes: Uint8Array): Promise<boolean> {
    this.lines++;
    const fault = await this.faultOfLine(bytes);
    if (fault) await this.stop(fault);
    return this.fault !== undefined;
  }

  async finish(): Promise<ExportVerdict> {
    if (!this.fault && !this.end) {
      this.lines++;
      await this.stop({
        code: 'export-unfinished',
        message: 'the export ends without a checkpoint: its tail is missing',
      });
    }
    const { ledger, fault, end, firstReceivedAtUs, lastReceivedAtUs } = this;
    return {
      isSound: fault === undefined,
      ...(fault && { fault }),
      ...(ledger && { origin: ledger.origin, key: ledger.key }),
      keySource: this.trusted.key ? 'told' : 'export',
      summary: ledger?.chain.summary() ?? { blocks: 0, leaves: 0, readings: 0, devices: 0, keys: 0 },
      ...(firstReceivedAtUs !== undefined && { firstReceivedAtUs }),
      ...(lastReceivedAtUs !== undefined && { lastReceivedAtUs }),
      sequences: this.sequences,
      ...(!fault && end),
    };
  }

  private async faultOfLine(bytes: Uint8Array): Promise<ChainFault | undefined> {
    if (this.end) return { code: 'export-order', message: 'there are lines behind the checkpoint' };
    const line = parseExportLine(bytes);
    if (!line.ok) return line;
    switch (line.value.kind) {
      case 'ledger':
        return this.takeLedger(line.value);
      case 'block':
        return this.takeBlock(line.value.block);
      case 'end':
        return this.takeEnd(line.value.checkpoint);
      default:
        return line.value satisfies never;
    }
  }

  private takeLedger({ origin, key }: ExportLine & { kind: 'ledger' }): ChainFault | undefined {
    if (this.ledger) return { code: 'export-order', message: 'the export names its ledger a second time' };
    if (this.trusted.origin !== undefined && this.trusted.origin !== origin) {
      return { code: 'export-origin', message: `the export is of ${origin}, not of ${this.trusted.origin}` };
    }
    if (this.trusted.key && !equalBytes(this.trusted.key.spki, key.spki)) {
      return { code: 'export-key', message: 'the export is of another key than the one that is trusted' };
    }
    const verifier = noteVerifierOf({ name: origin, key });
    if (!verifier.ok) return { code: 'export-key', message: 'public_key is not an Ed25519 key that can be used' };
    const chain = new ChainVerifier({
      origin,
      key,
      judgeLeaf: (leaf) => this.sealedOnce.judge(leaf),
      onLeaf: (leaf) => this.takeLeaf(leaf),
      ...(this.checker && { checker: this.checker }),
    });
    this.ledger = { origin, key, verifier: verifier.value, chain };
    return undefined;
  }

  private async takeBlock(block: Block): Promise<ChainFault | undefined> {
    if (!this.ledger) return { code: 'export-order', message: 'the export does not begin with its ledger' };
    const blockIndex = this.lines - 1 - HEAD_LINES;
    this.leaves = [];
    const fault = await this.ledger.chain.addBlock(block);
    if (!fault && this.onBlock) await this.onBlock({ blockIndex, block, leaves: this.leaves });
    return fault;
  }

  private async takeEnd(checkpointNote: string): Promise<ChainFault | undefined> {
    if (!this.ledger) return { code: 'export-order', message: 'the export does not begin with its ledger' };
    const { chain, verifier } = this.ledger;
    const fault = await chain.settle();
    if (fault) return fault;
    const { head } = chain.summary();
    if (!head) return { code: 'export-order', message: 'the export has no block' };
    const checkpoint = await openCheckpoint(checkpointNote, verifier);
    if (!checkpoint.ok) return checkpoint;
    const { size, root } = checkpoint.value;
    if (size !== head.logSize) {
      const message = `the checkpoint is of ${size} leaves, the blocks hold ${head.logSize}`;
      return { code: 'checkpoint-size', message };
    }
    if (!equalBytes(root, chain.logRoot())) {
      return { code: 'checkpoint-root', message: 'the checkpoint has another root than the last block' };
    }
    this.end = { checkpoint: checkpoint.value, checkpointNote };
    return undefined;
  }

  private takeLeaf(verified: VerifiedLeaf): void {
    const { leaf, reading } = verified;
    const { receivedAtUs } = leaf;
    this.firstReceivedAtUs ??= receivedAtUs;
    this.lastReceivedAtUs = receivedAtUs;
    if (reading) this.sequences.take({ ...reading, receivedAtUs });
    if (this.onBlock) this.leaves.push(verified);
  }

  /** Signatures under way may be wrong at an earlier place: the first fault in the order of the log is the one that counts. */
  private async stop({ code, message, blockIndex, leafIndex }: ChainFault): Promise<void> {
    const earlier = await this.ledger?.chain.settle();
    const place = { ...(blockIndex !== undefined && { blockIndex }), ...(leafIndex !== undefined && { leafIndex }) };
    const first: ChainFault = earlier ?? { code, message, ...place };
    const line = first.blockIndex === undefined ? this.lines : first.blockIndex + 1 + HEAD_LINES;
    this.fault = { ...first, line };
  }
}
