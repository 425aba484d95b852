// Follows the blocks of a ledger: each is verified once, with all its leaves, and must continue the newest one seen. The registry, the tree
// and the readings sealed so far stay in memory, so that a later export is only asked for from there on.

import {
  type ChainFault,
  ChainVerifier,
  createVerifier,
  decodeHeader,
  type ExportLine,
  equalBytes,
  headerHash,
  type PublicKey,
  parseExportLine,
  SealedOnce,
  toHex,
  type Verifier,
  verifyBlockSignature,
} from '@telltale/ledger';
import { CliError } from '../cli-error.ts';
import type { WatchFault } from './watch-fault.ts';
import { headerJson, type SignedHeader } from './watch-state.ts';

/** The lines were read to their end: the signed note that stands there. */
export type ReadBlocks =
  | { readonly kind: 'end'; readonly note: string }
  | { readonly kind: 'fault'; readonly fault: WatchFault }
  | { readonly kind: 'fewer'; readonly fault: WatchFault };

export class BlockFollower {
  private readonly origin: string;
  private readonly key: PublicKey;
  private readonly verify: Verifier;
  private readonly chain: ChainVerifier;
  /** The newest block seen in an earlier run, until this run has come to it. */
  private earlier: { readonly index: number; readonly block: SignedHeader } | undefined;
  private head: SignedHeader | undefined;
  /** Blocks that the chain has taken. */
  private taken = 0;

  /** `seen`: the newest block of an earlier run. */
  constructor(ledger: { origin: string; key: PublicKey; seen?: SignedHeader }) {
    const { origin, key, seen } = ledger;
    const verify = createVerifier(key);
    if (!verify.ok) throw new TypeError(verify.message);
    this.origin = origin;
    this.key = key;
    this.verify = verify.value;
    const sealedOnce = new SealedOnce();
    this.chain = new ChainVerifier({ origin, key, judgeLeaf: (leaf) => sealedOnce.judge(leaf) });
    const header = seen && decodeHeader(seen.header);
    if (seen && header?.ok) this.earlier = { index: header.value.index, block: seen };
  }

  /** The newest block whose chain is verified up to it. */
  get newest(): SignedHeader | undefined {
    return this.head;
  }

  get readings(): number {
    return this.chain.summary().readings;
  }

  get blocks(): number {
    return this.taken;
  }

  /** Whether the newest verified block has this hash, and the block of an earlier run was met on the way to it. */
  isAt(hash: Uint8Array): boolean {
    return !this.earlier && this.head !== undefined && equalBytes(headerHash(this.head.header), hash);
  }

  /** The block that the next export to read must begin with: the newest one taken, so that it can be compared, and then what follows. */
  get fromBlock(): number {
    return Math.max(0, this.taken - 1);
  }

  /** Reads an export that begins with `fromBlock`. Throws CliError when the lines end before their end. */
  async read(lines: AsyncIterable<Uint8Array>): Promise<ReadBlocks> {
    const first = this.fromBlock;
    // Of the line that comes next; the first line is the ledger's.
    let blockIndex = first - 1;
    let end: string | undefined;
    for await (const bytes of lines) {
      const place = blockIndex >= first && { blockIndex };
      const line = parseExportLine(bytes);
      if (!line.ok) return this.faulty({ code: line.code, message: line.message, ...place });
      if (end !== undefined) return this.disorder('there are lines behind the checkpoint');
      if ((line.value.kind === 'ledger') !== blockIndex < first) {
        return this.disorder('the export names its ledger at another place than its beginning');
      }
      if (line.value.kind === 'end') end = line.value.checkpoint;
      else {
        const found = await this.take(line.value, blockIndex++);
        if (found) return found;
      }
    }
    const fault = await this.chain.settle();
    if (fault) return this.faulty(fault);
    if (end === undefined) throw new CliError('unreachable', 'the export broke off before its end');
    return this.fewer(blockIndex) ?? this.faultOfEnd(end);
  }

  /** What it means when the receiver says that it has no block `fromBlock`. */
  withoutNewest(): ReadBlocks {
    const block = this.head;
    if (!block) throw new CliError('answer-malformed', 'the receiver says that its ledger has no block at all');
    const blockIndex = this.fromBlock;
    const message = `the ledger does not show block ${blockIndex} any more, which it signed: its end was taken away`;
    return {
      kind: 'fewer',
      fault: { code: 'rollback', message, blockIndex, evidence: { first: headerJson(block) } },
    };
  }

  private async take(line: Exclude<ExportLine, { kind: 'end' }>, blockIndex: number): Promise<ReadBlocks | undefined> {
    switch (line.kind) {
      case 'ledger': {
        if (line.origin === this.origin && equalBytes(line.key.spki, this.key.spki)) return undefined;
        return this.faulty({
          code: 'export-key',
          message: 'the export is of another ledger than the one that is watched',
        });
      }
      case 'block': {
        const { header, signature, leaves } = line.block;
        const shown = { header, signature };
        const other = await this.otherHistory(shown, blockIndex);
        if (other || blockIndex < this.taken) return other;
        const fault = await this.chain.addBlock({ header, signature, leaves });
        if (fault) return this.faulty(fault);
        this.head = shown;
        this.taken++;
        return undefined;
      }
      default:
        return line satisfies never;
    }
  }

  /** Compares a block with the one that was seen in its place. */
  private async otherHistory(shown: SignedHeader, blockIndex: number): Promise<ReadBlocks | undefined> {
    const seen =
      blockIndex === this.taken - 1 ? this.head : this.earlier?.index === blockIndex ? this.earlier.block : undefined;
    if (!seen) return undefined;
    if (equalBytes(seen.header, shown.header)) {
      if (seen === this.earlier?.block) this.earlier = undefined;
      return undefined;
    }
    // Another block in this place of the export is no second block of this index.
    const header = decodeHeader(shown.header);
    if (!header.ok) return this.faulty({ code: header.code, message: header.message, blockIndex });
    const { index } = header.value;
    if (index !== blockIndex) {
      return this.faulty({ code: 'index', message: `expected block ${blockIndex}, found ${index}`, blockIndex });
    }
    const hash = headerHash(shown.header);
    const isSigned = await verifyBlockSignature({
      origin: this.origin,
      hash,
      signature: shown.signature,
      verify: this.verify,
    });
    if (!isSigned) {
      return this.faulty({
        code: 'block-signature',
        message: 'the ledger’s key did not sign the block that is shown',
        blockIndex,
      });
    }
    return {
      kind: 'fault',
      fault: {
        code: 'two-blocks',
        message: `the ledger signed two different blocks ${blockIndex}: it made its past anew after it had shown it, be it only the times, boundaries or work of its blocks`,
        blockIndex,
        evidence: { first: headerJson(seen), second: headerJson(shown) },
      },
    };
  }

  /** Blocks that were there before and are not any more. */
  private fewer(blocks: number): ReadBlocks | undefined {
    const seen = Math.max(this.taken, (this.earlier?.index ?? -1) + 1);
    const block = this.earlier?.block ?? this.head;
    if (blocks >= seen || !block) return undefined;
    const redone = this.redone();
    if (redone) return { kind: 'fault', fault: redone };
    const message = `the ledger shows ${blocks} blocks after it signed ${seen}: its end was taken away`;
    return {
      kind: 'fewer',
      fault: { code: 'rollback', message, blockIndex: blocks, evidence: { first: headerJson(block) } },
    };
  }

  /** As many transactions in fewer blocks: no receiver is that far behind, as every block holds at least one. */
  private redone(): WatchFault | undefined {
    const { earlier, head } = this;
    if (!earlier || !head) return undefined;
    const before = decodeHeader(earlier.block.header);
    const now = decodeHeader(head.header);
    if (!before.ok || !now.ok || now.value.logSize < before.value.logSize) return undefined;
    const message = `the ledger closed ${before.value.logSize} transactions with block ${before.value.index}, and now ${now.value.logSize} with block ${now.value.index} already: it made its past anew after it had shown it, be it only the boundaries of its blocks`;
    const evidence = { first: headerJson(earlier.block), second: headerJson(head) };
    return { code: 'blocks-redone', message, blockIndex: now.value.index, evidence };
  }

  /** The signature of the checkpoint is looked at by whoever follows checkpoints; here that it is of these blocks. */
  private async faultOfEnd(note: string): Promise<ReadBlocks> {
    const [, size = '', root = ''] = note.split('\n');
    const isOwn =
      size === String(this.chain.summary().leaves) && root === Buffer.from(this.chain.logRoot()).toString('base64');
    if (isOwn) return { kind: 'end', note };
    return this.faulty(
      { code: 'checkpoint-root', message: 'the checkpoint of the export is not of its blocks' },
      { second: note },
    );
  }

  private disorder(message: string): Promise<ReadBlocks> {
    return this.faulty({ code: 'export-order', message });
  }

  private async faulty(fault: ChainFault, evidence: WatchFault['evidence'] = {}): Promise<ReadBlocks> {
    // A signature that is still being checked may be wrong at an earlier place.
    const first = (await this.chain.settle()) ?? fault;
    const { head } = this.chain.summary();
    return {
      kind: 'fault',
      fault: {
        ...first,
        evidence: { ...evidence, ...(head && { newest_block: { index: head.index, hash: toHex(head.hash) } }) },
      },
    };
  }
}
