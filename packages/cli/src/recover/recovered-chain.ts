// A lane as the ring keeps it, made an export again: every body is checked alone as it comes, then the blocks as one chain, and the ledger's
// key signs the checkpoint of the newest. Reads the ring; writes nothing. Source: format.md "Export", peering.md 3.2.

import {
  type ChainFault,
  type ChainSummary,
  ChainVerifier,
  type CheckedBlockBody,
  checkBlockBody,
  formatExportBlock,
  formatExportEnd,
  formatExportHeader,
  laneOf,
  type PublicKey,
  type Result,
  refuse,
  type SignatureChecker,
  type Signer,
  signCheckpoint,
  toHex,
  utf8,
  type Verifier,
} from '@telltale/ledger';
import { CliError } from '../cli-error.ts';
import type { FromRing, RingMembers } from './ring-members.ts';

/** Blocks that are asked for before they are needed. Bounds memory: each may be 64 MiB. A guess: the round trips of four hide each other. */
const BLOCKS_AHEAD = 4;
/**
 * Heights behind the ring's head at which it may keep a block all the same: the head is found by looking for the first that is missing. As many
 * as a block feed may have under way, and some. A guess.
 */
const HEIGHTS_BEHIND_HEAD = 8;
/** What stands before the first block in an export, and that lines are counted from 1. */
const LINES_BEFORE_BLOCKS = 2;

export interface LedgerKey {
  readonly key: PublicKey;
  readonly sign: Signer;
  /** Of `key`. */
  readonly verify: Verifier;
}

interface LedgerToRecover extends LedgerKey {
  readonly origin: string;
}

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
  /** The height of the newest block that the ring knows of. */
  readonly headHeight: number;
  readonly ledger: LedgerToRecover;
  private readonly members: RingMembers;
  private readonly isPartial: boolean;
  private readonly chain: ChainVerifier;
  private missing: number | undefined;

  private constructor(of: {
    ledger: LedgerToRecover;
    members: RingMembers;
    headHeight: number;
    isPartial: boolean;
    checker: SignatureChecker;
  }) {
    this.ledger = of.ledger;
    this.members = of.members;
    this.headHeight = of.headHeight;
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
    let { headHeight } = known;
    for (;;) {
      const behind = await newestBehind(headHeight, { ledger, members });
      if (behind === undefined) break;
      headHeight = behind;
    }
    return new RecoveredChain({ ...of, ledger, headHeight });
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
    const asked: Promise<FromRing<CheckedBlockBody>>[] = [];
    const { ledger, members } = this;
    const ask = (height: number) => void asked.push(askBlock(height, { ledger, members }));
    for (let height = 0; height < Math.min(BLOCKS_AHEAD, this.headHeight + 1); height++) ask(height);
    for (let height = 0; height <= this.headHeight; height++) {
      const found = await asked.shift();
      if (!found) throw new Error(`block ${height} was not asked for`);
      if (found.kind === 'missing' && this.isPartial && height > 0) {
        this.missing = height;
        return;
      }
      if (found.kind === 'missing') {
        const message = `block ${height} of ${this.headHeight} is missing: no member of the ring has it now. A member that is away may: start it and try again`;
        throw new CliError('ring-incomplete', message);
      }
      const body = demand(found, `block ${height}`);
      if (height + BLOCKS_AHEAD <= this.headHeight) ask(height + BLOCKS_AHEAD);
      yield body;
    }
  }
}

type Source = { readonly ledger: LedgerToRecover; readonly members: RingMembers };

/** The newest height behind `head` at which the ring keeps a block; undefined: there is none. */
async function newestBehind(head: number, source: Source): Promise<number | undefined> {
  const heights = Array.from({ length: HEIGHTS_BEHIND_HEAD }, (_, i) => head + 1 + i);
  const answers = await Promise.all(
    heights.map(async (height) => ({ height, answer: await askBlock(height, source) })),
  );
  for (const { height, answer } of answers.reverse()) {
    // A false block there is a lie about nothing that was promised.
    if (answer.kind === 'found') return height;
    if (answer.kind === 'unavailable') demand(answer, `whether the ring keeps a block ${height}`);
  }
  return undefined;
}

function askBlock(height: number, { ledger, members }: Source): Promise<FromRing<CheckedBlockBody>> {
  const lane = toHex(laneOf(ledger.key.keyId));
  return members.block({ lane, height, read: (bytes) => checkBody(bytes, { height, ledger }) });
}

async function checkBody(
  bytes: Uint8Array,
  { height, ledger }: { height: number; ledger: LedgerToRecover },
): Promise<Result<CheckedBlockBody>> {
  const { origin, key, verify } = ledger;
  const body = await checkBlockBody(bytes, { origin, keyId: key.keyId, verify });
  if (body.ok && body.value.decodedHeader.index !== height) {
    return refuse('index', `it is block ${body.value.decodedHeader.index}`);
  }
  if (body.ok || body.code !== 'block-signature') return body;
  return refuse(body.code, `${body.message}, or its origin is not ${origin} (see --origin)`);
}

/** Throws CliError for everything but a value. */
function demand<Value>(answer: FromRing<Value>, what: string): Value {
  switch (answer.kind) {
    case 'found':
      return answer.value;
    case 'missing':
      throw new CliError('ring-incomplete', `${what} is missing in the ring`);
    case 'false':
      throw new CliError('ring-incomplete', `${what}: ${answer.why}`);
    case 'unavailable':
      throw new CliError('unreachable', `${what} cannot be told now, try again later: ${answer.why}`);
    default:
      return answer satisfies never;
  }
}
