// Verifying a whole chain from its bytes alone: every signature, the key in force for each device, roots, links, work, times and counts.
// Blocks go in one after the other; the first fault, in the order of the log, comes out. Source: format.md, all of it.

import type { Block } from './block.ts';
import { equalBytes } from './bytes.ts';
import type { ChainFault, LeafFault } from './chain-fault.ts';
import type { Hash } from './hash.ts';
import { decodeHeader, type Header, headerHash, isGenesis, laneOf } from './header.ts';
import type { PublicKey } from './keys.ts';
import { decodeLeaf, LEAF_KIND, type Leaf, leafHash, transactionIdOf } from './leaf.ts';
import { Frontier } from './merkle.ts';
import { meetsDifficulty } from './proof-of-work.ts';
import type { Reading } from './reading.ts';
import { Registry } from './registry.ts';
import { createVerifier, type KeyVerifier } from './signature.ts';
import { blockCheck } from './signature-check.ts';
import { checkWithOwnVerifiers, type SignatureChecker, SignatureQueue } from './signature-queue.ts';

/** A leaf as the verifier saw it. */
export interface VerifiedLeaf {
  readonly leafIndex: number;
  readonly leaf: Leaf;
  readonly leafHash: Hash;
  readonly transactionId: Hash;
  /** Of kind 1: what it says, with the device that it speaks for. */
  readonly reading?: Reading & { readonly device: string };
}

/** What a verifier has taken so far; the head is the newest block. Times in microseconds since the Unix epoch. */
export interface ChainSummary {
  /** Genesis included. */
  readonly blocks: number;
  readonly leaves: number;
  readonly readings: number;
  readonly devices: number;
  readonly keys: number;
  readonly head?: {
    readonly index: number;
    readonly hash: Hash;
    readonly timestampUs: number;
    readonly logSize: number;
  };
}

/** Takes the blocks of one chain, in order and one call at a time, and gives the first fault. Owned by whoever feeds it. */
export class ChainVerifier {
  readonly registry: Registry;
  private readonly origin: string;
  private readonly ledger: KeyVerifier;
  private readonly lane: Uint8Array;
  private readonly onLeaf: (leaf: VerifiedLeaf) => void;
  private readonly judgeLeaf: (leaf: VerifiedLeaf) => LeafFault | undefined;
  private readonly frontier = new Frontier();
  private readonly devices = new Set<string>();
  private readonly signatures: SignatureQueue;
  private readings = 0;
  private blocks = 0;
  private lastReceivedAtUs = 0;
  private head: { header: Header; hash: Hash } | undefined;
  private fault: ChainFault | undefined;

  /**
   * `origin` and `key` say whose chain it must be; `onLeaf` is called for each leaf in order, before its signature is checked.
   * `judgeLeaf`, called just before it, may refuse a leaf for what the chain alone does not show.
   * `checker` checks the signatures, by default with each key's own verifier. Throws TypeError for a key that cannot be used.
   */
  constructor(ledger: {
    origin: string;
    key: PublicKey;
    onLeaf?: (leaf: VerifiedLeaf) => void;
    judgeLeaf?: (leaf: VerifiedLeaf) => LeafFault | undefined;
    checker?: SignatureChecker;
  }) {
    const verifier = createVerifier(ledger.key);
    if (!verifier.ok) throw new TypeError(verifier.message);
    this.origin = ledger.origin;
    this.ledger = { key: ledger.key, verify: verifier.value };
    this.signatures = new SignatureQueue(ledger.checker ?? checkWithOwnVerifiers);
    this.lane = laneOf(ledger.key.keyId);
    this.onLeaf = ledger.onLeaf ?? (() => undefined);
    this.judgeLeaf = ledger.judgeLeaf ?? (() => undefined);
    this.registry = new Registry({ origin: ledger.origin, ledger: this.ledger });
  }

  /**
   * Takes the next block. Gives the first fault so far, after which the verifier takes no more. Rejects, here and in the methods below, when
   * the checker could not check a signature: then nothing can be said of the chain.
   */
  async addBlock(block: Block): Promise<ChainFault | undefined> {
    if (this.fault) return this.settle();
    const blockIndex = this.blocks;
    const header = decodeHeader(block.header);
    if (!header.ok) return this.stop({ code: header.code, message: header.message, blockIndex });
    const hash = headerHash(block.header);
    const wrong = this.headerFault(header.value, { hash, leaves: block.leaves.length });
    if (wrong) return this.stop({ ...wrong, blockIndex });
    const { origin, ledger: signer } = this;
    const check = blockCheck({ origin, hash, signature: block.signature, signer });
    this.signatures.push(check, { code: 'block-signature', blockIndex });
    for (const leaf of block.leaves) {
      const fault = this.takeLeaf(leaf, { blockIndex });
      if (fault) return this.stop(fault);
      // Inside the block too: one block may hold every reading of a ledger.
      if (this.signatures.isFull && (await this.makeRoom())) return this.fault;
    }
    if (header.value.timestampUs < this.lastReceivedAtUs) {
      const leafIndex = this.frontier.size - 1;
      return this.stop({ code: 'timestamp', message: 'the block is older than its last leaf', blockIndex, leafIndex });
    }
    if (!equalBytes(this.frontier.root(), header.value.logRoot)) {
      return this.stop({ code: 'log-root', message: 'the leaves do not give the log root of the header', blockIndex });
    }
    this.head = { header: header.value, hash };
    this.blocks++;
    return this.signatures.isFull ? this.makeRoom() : undefined;
  }

  /** Takes the next leaf after the newest block: accepted, not sealed yet. */
  async addPending(leaf: Uint8Array): Promise<ChainFault | undefined> {
    if (this.fault) return this.settle();
    const fault = this.takeLeaf(leaf, {});
    if (fault) return this.stop(fault);
    return this.signatures.isFull ? this.makeRoom() : undefined;
  }

  /** Waits for the signatures under way and gives the first fault so far, if there is one. */
  async settle(): Promise<ChainFault | undefined> {
    // A fault found while reading stopped everything behind it: a wrong signature, which was read before, comes first.
    this.fault = (await this.signatures.settle()) ?? this.fault;
    return this.fault;
  }

  /** Root over all leaves so far: after a block without fault, that of its header. */
  logRoot(): Hash {
    return this.frontier.root();
  }

  summary(): ChainSummary {
    const { head } = this;
    return {
      blocks: this.blocks,
      leaves: this.frontier.size,
      readings: this.readings,
      devices: this.devices.size,
      keys: [...this.registry.keys()].length,
      ...(head && {
        head: {
          index: head.header.index,
          hash: head.hash,
          timestampUs: head.header.timestampUs,
          logSize: head.header.logSize,
        },
      }),
    };
  }

  private headerFault(
    header: Header,
    block: { hash: Hash; leaves: number },
  ): { code: string; message: string } | undefined {
    if (!equalBytes(header.lane, this.lane))
      return { code: 'lane', message: 'the lane is not that of the ledger’s key' };
    if (header.index !== this.blocks)
      return { code: 'index', message: `expected block ${this.blocks}, found ${header.index}` };
    if (header.logSize !== this.frontier.size + block.leaves) {
      const expected = this.frontier.size + block.leaves;
      return { code: 'log-size', message: `log_size is ${header.logSize}, the leaves make it ${expected}` };
    }
    if (!this.head) {
      if (isGenesis(header)) return undefined;
      return { code: 'genesis', message: 'the first block is not a genesis block' };
    }
    const parent = this.head;
    if (!equalBytes(header.previousHash, parent.hash)) {
      return { code: 'previous-hash', message: 'previous_hash is not the hash of the block before' };
    }
    if (header.timestampUs <= parent.header.timestampUs) {
      return { code: 'timestamp', message: 'the timestamp is not after that of the block before' };
    }
    if (header.difficultyBits < parent.header.difficultyBits)
      return { code: 'difficulty', message: 'the difficulty fell' };
    if (!meetsDifficulty(block.hash, header.difficultyBits)) {
      return { code: 'proof-of-work', message: `the hash does not begin with ${header.difficultyBits} zero bits` };
    }
    if (block.leaves === 0) return { code: 'block-empty', message: 'a block after genesis has at least one leaf' };
    return undefined;
  }

  /** `place`: the block that holds the leaf, if one does. */
  private takeLeaf(bytes: Uint8Array, place: { blockIndex?: number }): ChainFault | undefined {
    const at = { ...place, leafIndex: this.frontier.size };
    const { leafIndex } = at;
    const decoded = decodeLeaf(bytes);
    if (!decoded.ok) return { code: decoded.code, message: decoded.message, ...at };
    const leaf = decoded.value;
    if (leaf.receivedAtUs < this.lastReceivedAtUs) {
      return { code: 'received-at', message: 'received_at is before that of the leaf before', ...at };
    }
    const applied = this.registry.apply(leaf, leafIndex);
    if (!applied.ok) return { code: applied.code, message: applied.message, ...at };
    const hash = leafHash(bytes);
    this.lastReceivedAtUs = leaf.receivedAtUs;
    this.frontier.append(hash);
    const { reading, checks } = applied.value;
    if (leaf.kind === LEAF_KIND.reading) this.readings++;
    if (reading) this.devices.add(reading.device);
    for (const check of checks) this.signatures.push(check, { code: 'signature', ...at });
    const transactionId = transactionIdOf(leaf, hash);
    const common = { leafIndex, leaf, leafHash: hash, transactionId };
    const verified = reading ? { ...common, reading } : common;
    const refused = this.judgeLeaf(verified);
    if (refused) return { ...refused, ...at };
    this.onLeaf(verified);
    return undefined;
  }

  private async makeRoom(): Promise<ChainFault | undefined> {
    this.fault ??= await this.signatures.makeRoom();
    return this.fault;
  }

  private stop(fault: ChainFault): Promise<ChainFault | undefined> {
    this.fault = fault;
    return this.settle();
  }
}
