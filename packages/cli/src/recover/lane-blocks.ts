// The blocks of one lane in the ring, in their order, each checked alone. Where its key signed several of one height, as happens when a ledger goes
// on from a part of its lane, the block after them says which is the chain's.

import {
  type CheckedBlockBody,
  checkBlockBody,
  equalBytes,
  type Hash,
  laneOf,
  type PublicKey,
  type Result,
  refuse,
  type Signer,
  toHex,
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

export interface LedgerKey {
  readonly key: PublicKey;
  readonly sign: Signer;
  /** Of `key`. */
  readonly verify: Verifier;
}

export interface LedgerToRecover extends LedgerKey {
  readonly origin: string;
}

interface Source {
  readonly ledger: LedgerToRecover;
  readonly members: RingMembers;
}

type Found = FromRing<{ readonly body: CheckedBlockBody; readonly isOneOfSeveral: boolean }>;

export class LaneBlocks {
  /** Of the newest block that the ring knows of. */
  readonly headHeight: number;
  private readonly source: Source;
  /** Which of several blocks of a height is the chain's. */
  private readonly chosen = new Map<number, Hash>();

  private constructor(source: Source, headHeight: number) {
    this.source = source;
    this.headHeight = headHeight;
  }

  /** `known`: the height of the newest block that a member knows of. Throws CliError `unreachable` when nobody can tell now whether there are more. */
  static async upTo(known: number, source: Source): Promise<LaneBlocks> {
    for (let headHeight = known; ; ) {
      const behind = await newestBehind(headHeight, source);
      if (behind === undefined) return new LaneBlocks(source, headHeight);
      headHeight = behind;
    }
  }

  /** Heights so far at which the lane's key signed several blocks. Only one of them is in the chain; the others are evidence. */
  get heightsOfSeveral(): readonly number[] {
    return [...this.chosen.keys()].toSorted((a, b) => a - b);
  }

  /** What the ring says of each height, from genesis to the head. To be read once. */
  async *inOrder(): AsyncGenerator<FromRing<CheckedBlockBody>> {
    const asked: Promise<Found>[] = [];
    const ask = (height: number): void => {
      if (height <= this.headHeight) asked.push(askAt(height, this.source));
    };
    for (let height = 0; height < BLOCKS_AHEAD; height++) ask(height);
    for (let height = 0; height <= this.headHeight; height++) {
      const found = await asked.shift();
      if (!found) throw new Error(`block ${height} was not asked for`);
      ask(height + BLOCKS_AHEAD);
      if (found.kind === 'found' && found.value.isOneOfSeveral) yield this.ofSeveral(height, found.value.body);
      else yield bodyOf(found);
    }
  }

  /** The chain's block of a height of which the ring has several, `body` among them. */
  private async ofSeveral(height: number, body: CheckedBlockBody): Promise<FromRing<CheckedBlockBody>> {
    if (!this.chosen.has(height)) await this.choose(height, body);
    const hash = this.chosen.get(height);
    if (!hash) throw new Error(`no block of height ${height} was chosen`);
    return equalBytes(hash, body.hash) ? { kind: 'found', value: body } : this.byHash(height, hash);
  }

  /**
   * Chooses from `first` up to the next height of which the ring has one block: each block names the one before it. Where the head itself is one of
   * several, the one that a member gives is taken: the ring cannot say more, and what the user kept may.
   */
  private async choose(first: number, body: CheckedBlockBody): Promise<void> {
    let last = { height: first, body };
    let after: CheckedBlockBody | undefined;
    while (last.height < this.headHeight && !after) {
      const height = last.height + 1;
      const next = demand(await askAt(height, this.source), `block ${height}`);
      if (next.isOneOfSeveral) last = { height, body: next.body };
      else after = next.body;
    }
    let hash = after ? after.decodedHeader.previousHash : last.body.hash;
    for (let { height } = last; ; height--) {
      this.chosen.set(height, hash);
      if (height === first) return;
      const block = demand(await this.byHash(height, hash), `block ${height}, as the one after it names it,`);
      hash = block.decodedHeader.previousHash;
    }
  }

  private async byHash(height: number, hash: Hash): Promise<FromRing<CheckedBlockBody>> {
    const { ledger, members } = this.source;
    const path = `/v1/ring/blocks/${toHex(hash)}`;
    return bodyOf(await members.block(path, (bytes, headers) => checkBody(bytes, { headers, height, ledger, hash })));
  }
}

/** Throws CliError for everything but a value. */
export function demand<Value>(answer: FromRing<Value>, what: string): Value {
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

/** The newest height behind `head` at which the ring keeps a block; undefined: there is none. */
async function newestBehind(head: number, source: Source): Promise<number | undefined> {
  const heights = Array.from({ length: HEIGHTS_BEHIND_HEAD }, (_, i) => head + 1 + i);
  const answers = await Promise.all(heights.map(async (height) => ({ height, answer: await askAt(height, source) })));
  for (const { height, answer } of answers.reverse()) {
    // A false block there is a lie about nothing that was promised.
    if (answer.kind === 'found') return height;
    if (answer.kind === 'unavailable') demand(answer, `whether the ring keeps a block ${height}`);
  }
  return undefined;
}

function askAt(height: number, { ledger, members }: Source): Promise<Found> {
  const path = `/v1/ring/lanes/${toHex(laneOf(ledger.key.keyId))}/blocks/${height}`;
  return members.block(path, (bytes, headers) => checkBody(bytes, { headers, height, ledger }));
}

async function checkBody(
  bytes: Uint8Array,
  be: { headers: Headers; height: number; ledger: LedgerToRecover; hash?: Hash },
): Promise<Result<{ body: CheckedBlockBody; isOneOfSeveral: boolean }>> {
  const { origin, key, verify } = be.ledger;
  const body = await checkBlockBody(bytes, { origin, keyId: key.keyId, verify });
  if (!body.ok) {
    if (body.code !== 'block-signature') return body;
    return refuse(body.code, `${body.message}, or its origin is not ${origin} (see --origin)`);
  }
  const { decodedHeader, hash } = body.value;
  if (decodedHeader.index !== be.height) return refuse('index', `it is block ${decodedHeader.index}`);
  if (be.hash && !equalBytes(hash, be.hash)) return refuse('previous-hash', 'it is another block of this height');
  return { ok: true, value: { body: body.value, isOneOfSeveral: be.headers.has('telltale-lane-conflict') } };
}

function bodyOf(found: Found): FromRing<CheckedBlockBody> {
  return found.kind === 'found' ? { kind: 'found', value: found.value.body } : found;
}
