// A lane as the ring keeps it, made an export again: the blocks are checked as one chain as they come, and the ledger's key signs the checkpoint of
// the newest. Reads the ring; writes nothing. Source: format.md "Export", peering.md 3.2.

import {
  type ChainFault,
  type ChainSummary,
  ChainVerifier,
  type CheckedBlockBody,
  formatExportBlock,
  formatExportEnd,
  formatExportHeader,
  laneOf,
  type SignatureChecker,
  signCheckpoint,
  toHex,
  utf8,
} from '@telltale/ledger';
import { CliError } from '../cli-error.ts';
import { demand, LaneBlocks, type LedgerKey, type LedgerToRecover } from './lane-blocks.ts';
import type { RingMembers } from './ring-members.ts';

/** What stands before the first block in an export, and that lines are counted from 1. */
const LINES_BEFORE_BLOCKS = 2;

/** The blocks came from the ring as its ledger signed them, and are no chain. */
export class NoChain extends Error {
  readonly fault: ChainFault & { readonly line: number };

  constructor(fault: ChainFault) {
    super(fault.message);
    this.fault = { ...fault, line: (fault.blockIndex ?? 0) + LINES_BEFORE_BLOCKS };
  }
}

/** One recovery. Owned by the command. */
export class RecoveredChain {
  readonly ledger: LedgerToRecover;
  private readonly blocks: LaneBlocks;
  private readonly isPartial: boolean;
  private readonly chain: ChainVerifier;
  private missing: number | undefined;

  private constructor(of: {
    ledger: LedgerToRecover;
    blocks: LaneBlocks;
    isPartial: boolean;
    checker: SignatureChecker;
  }) {
    this.ledger = of.ledger;
    this.blocks = of.blocks;
    this.isPartial = of.isPartial;
    this.chain = new ChainVerifier({ origin: of.ledger.origin, key: of.ledger.key, checker: of.checker });
  }

  /**
   * Finds how far the ring knows the lane of this key. `origin`: undefined for what the ring says, which the signatures of the blocks show to be
   * right or wrong. `isPartial`: the chain may end before a block that is missing.
   * Throws CliError `ring-incomplete` when it knows no block of it, `unreachable` when nobody can tell now.
   */
  static async find(of: {
    ledgerKey: LedgerKey;
    origin: string | undefined;
    members: RingMembers;
    isPartial: boolean;
    checker: SignatureChecker;
  }): Promise<RecoveredChain> {
    const { ledgerKey, members } = of;
    const lane = toHex(laneOf(ledgerKey.key.keyId));
    const said = await members.lane(lane);
    if (said.kind === 'missing') throw new CliError('ring-incomplete', `the ring knows no block of the lane ${lane}`);
    const known = demand(said, `how far the ring knows the lane ${lane}`);
    const ledger = { ...ledgerKey, origin: of.origin ?? known.origin };
    const blocks = await LaneBlocks.upTo(known.headHeight, { ledger, members });
    return new RecoveredChain({ ...of, ledger, blocks });
  }

  /** The height of the newest block that the ring knows of. */
  get headHeight(): number {
    return this.blocks.headHeight;
  }

  /** Heights of which the ring has other blocks too, signed by the same key. Known once the lines are read. */
  get heightsOfSeveral(): readonly number[] {
    return this.blocks.heightsOfSeveral;
  }

  /** Of what was taken so far. */
  summary(): ChainSummary {
    return this.chain.summary();
  }

  /** The height of the first block that no member has; undefined where the chain is whole. Known once the lines are read. */
  get missingHeight(): number | undefined {
    return this.missing;
  }

  /**
   * The lines of the export, each with its line feed. `onBlock` hears of the leaves of each block. To be read once.
   * Throws NoChain, CliError `ring-incomplete` for a block that is missing or false, and `unreachable` when nobody can tell now.
   */
  async *lines(onBlock: (leaves: number) => void): AsyncGenerator<Uint8Array> {
    const { origin, key, sign } = this.ledger;
    yield utf8(formatExportHeader({ origin, spki: key.spki }));
    for await (const block of this.bodies()) {
      const fault = await this.chain.addBlock(block);
      if (fault) throw new NoChain(fault);
      yield utf8(formatExportBlock(block));
      onBlock(block.leaves.length);
    }
    const fault = await this.chain.settle();
    if (fault) throw new NoChain(fault);
    // Signed only now: the key vouches for nothing that was not checked.
    const checkpoint = { origin, size: this.chain.summary().leaves, root: this.chain.logRoot() };
    yield utf8(formatExportEnd(signCheckpoint(checkpoint, { spki: key.spki, sign })));
  }

  private async *bodies(): AsyncGenerator<CheckedBlockBody> {
    let height = 0;
    for await (const found of this.blocks.inOrder()) {
      if (found.kind === 'missing' && this.isPartial && height > 0) {
        this.missing = height;
        return;
      }
      if (found.kind === 'missing') {
        const message = `block ${height} of ${this.headHeight} is missing: no member of the ring has it now. A member that is away may: start it and try again`;
        throw new CliError('ring-incomplete', message);
      }
      yield demand(found, `block ${height}`);
      height++;
    }
  }
}
