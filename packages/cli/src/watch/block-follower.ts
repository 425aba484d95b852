// Follows the blocks of a ledger: each is verified once, with all its leaves, and must continue the newest one seen. The registry and the
// tree stay in memory, so that a later export is only read on from there.

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
    this.chain = new ChainVerifier({ origin, key });
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

  /** Whether the newest verified block has this hash. */
  isAt(hash: Uint8Array): boolean {
    return this.head !== undefined && equalBytes(headerHash(this.head.header), hash);
  }

  /** Reads an export on from the newest block. Throws CliError when the lines end before their end. */
  async read(lines: AsyncIterable<Uint8Array>): Promise<ReadBlocks> {
    let lineIndex = 0;
    let end: string | undefined;
    for await (const bytes of lines) {
      // The first line is the ledger's, so block n is line n + 1; what was verified is not looked at again.
      const blockIndex = lineIndex++ - 1;
      if (blockIndex >= 0 && blockIndex < this.taken - 1 && !isEnd(bytes)) continue;
      const line = parseExportLine(bytes);
      if (!line.ok)
        return this.faulty({ code: line.code, message: line.message, ...(blockIndex >= 0 && { blockIndex }) });
      if (end !== undefined)
        return this.faulty({ code: 'export-order', message: 'there are lines behind the checkpoint' });
      if (line.value.kind === 'end') end = line.value.checkpoint;
      const found = await this.take(line.value, blockIndex);
      if (found) return found;
    }
    const fault = await this.chain.settle();
    if (fault) return this.faulty(fault);
    if (end === undefined) throw new CliError('unreachable', 'the export broke off before its end');
    return this.fewer(lineIndex - 2) ?? this.faultOfEnd(end);
  }

  private async take(line: ExportLine, blockIndex: number): Promise<ReadBlocks | undefined> {
    if ((line.kind === 'ledger') !== blockIndex < 0) {
      return this.faulty({
        code: 'export-order',
        message: 'the export names its ledger at another place than its beginning',
      });
    }
    switch (line.kind) {
      case 'ledger': {
        if (line.origin === this.origin && equalBytes(line.key.spki, this.key.spki)) return undefined;
        return this.faulty({
          code: 'export-key',
          message: 'the export is of another ledger than the one that is watched',
        });
      }
      case 'end':
        return undefined;
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
        message: `two different blocks ${blockIndex} are signed by the ledger’s key`,
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
    const message = `the ledger shows ${blocks} blocks after it signed ${seen}: its end was taken away`;
    return {
      kind: 'fewer',
      fault: { code: 'rollback', message, blockIndex: blocks, evidence: { first: headerJson(block) } },
    };
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

/** Whether a line is the end of an export: written with no spaces, it begins like this (format.md "Export"). */
function isEnd(line: Uint8Array): boolean {
  return Buffer.from(line.buffer, line.byteOffset, Math.min(line.length, 12)).toString('latin1') === '{"checkpoint';
}
