// Reads any lane from the ring: a block by its header's hash or its height, what a lane says of itself, and how far the ring knows it. Everything
// is verified before it is given: records by the lane's key, bodies by checkBlockBody. Nothing of this receiver's own ledger is used.

import {
  type CheckedBlockBody,
  checkBlockBody,
  createVerifier,
  decodeBlockBody,
  decodeHeader,
  equalBytes,
  type Hash,
  type PublicKey,
  toHex,
  type Verifier,
} from '@telltale/ledger';
import type { Ring } from '../node/ring.ts';
import { nodeIdOf } from '../node-id.ts';
import { type BlockStatement, blockName, readBlockStatement } from '../replication/block-statement.ts';
import { type LaneStatement, readLaneStatement } from '../replication/lane-statement.ts';
import { publicKeyOf } from '../replication/raw-key.ts';
import { recordKey, type SignedRecord } from '../replication/signed-record.ts';

/** `missing`: the ring has no such thing. `unavailable`: too few replicas could be asked to say so. */
export type Absent = 'missing' | 'unavailable';

/** A block as the ring keeps it. `bytes`: the body, whose parts `body` are views of. */
export interface RingBlock {
  readonly bytes: Uint8Array;
  readonly body: CheckedBlockBody;
  readonly origin: string;
  /** The lane's key has also named another block of this height. */
  readonly hasConflict: boolean;
}

/** A lane with what verifies its blocks. */
export interface KnownLane extends LaneStatement {
  readonly publicKey: PublicKey;
  readonly verify: Verifier;
}

/** A lane, and the height of the newest block that the ring knows of. */
export interface RingLane extends KnownLane {
  readonly height: number;
}

/** Lanes whose name and head are remembered: a ring has up to 100. */
const KEPT_LANES = 256;

export class LaneReader {
  private readonly ring: Pick<Ring, 'getValue' | 'getRecords'>;
  /** By lane in hex: what never changes, and a height that the ring had. */
  private readonly lanes = new Map<string, { said: KnownLane; height: number }>();

  constructor(ring: Pick<Ring, 'getValue' | 'getRecords'>) {
    this.ring = ring;
  }

  /** The block whose header has this hash. */
  blockByHash(hash: Hash): Promise<RingBlock | Absent> {
    return this.block(hash, (statement) => equalBytes(statement.headerHash, hash));
  }

  /** The lane's block of this height. */
  blockAt(at: { lane: Uint8Array; height: number }): Promise<RingBlock | Absent> {
    return this.block(blockName(at), ({ lane, height }) => height === at.height && equalBytes(lane, at.lane));
  }

  /** What the lane's key says of its ledger. */
  async lane(lane: Uint8Array): Promise<KnownLane | Absent> {
    const kept = this.lanes.get(toHex(lane));
    if (kept) return kept.said;
    const { records, isMajority } = await this.ring.getRecords(recordKey('lane', lane));
    const said = records.flatMap((record) => knownLane(record, lane))[0];
    if (!said) return isMajority ? 'missing' : 'unavailable';
    this.keep({ said, height: -1 });
    return said;
  }

  /**
   * The lane and its newest block in the ring. Heights are tried ever further apart, then between the last that is there and the first that is not;
   * a lane grows by one block after another, so what is below is there.
   */
  async head(lane: Uint8Array): Promise<RingLane | Absent> {
    const said = await this.lane(lane);
    if (typeof said === 'string') return said;
    let there = this.lanes.get(toHex(lane))?.height ?? -1;
    let step = 1;
    let notThere = Number.POSITIVE_INFINITY;
    while (there + 1 < notThere) {
      const height = notThere === Number.POSITIVE_INFINITY ? there + step : Math.floor((there + notThere) / 2);
      const has = await this.has({ lane, height });
      if (has === 'unavailable') return has;
      if (has) there = height;
      else notThere = height;
      step *= 2;
    }
    if (there < 0) return 'missing';
    this.keep({ said, height: there });
    return { ...said, height: there };
  }

  private async has(at: { lane: Uint8Array; height: number }): Promise<boolean | 'unavailable'> {
    const { records, isMajority } = await this.ring.getRecords(recordKey('block', blockName(at)));
    if (records.length > 0) return true;
    return isMajority ? false : 'unavailable';
  }

  private async block(name: Uint8Array, isAsked: (statement: BlockStatement) => boolean): Promise<RingBlock | Absent> {
    const { records, isMajority } = await this.ring.getRecords(recordKey('block', name));
    const found = records.flatMap((record) => {
      const statement = readBlockStatement(record);
      return statement && isAsked(statement) ? [statement] : [];
    });
    let outcome: Absent = isMajority ? 'missing' : 'unavailable';
    for (const statement of found) {
      const block = await this.fetch(statement);
      if (typeof block !== 'string') return { ...block, hasConflict: isConflict(found, statement) };
      // A replica may lack what another has: only a whole ring without it makes it missing.
      if (block === 'unavailable') outcome = block;
    }
    return outcome;
  }

  /** A body that is to be verified: by the key of the lane that its header names, whoever handed it over. */
  async check(bytes: Uint8Array): Promise<Omit<RingBlock, 'hasConflict'> | Absent> {
    const body = decodeBlockBody(bytes);
    const header = body.ok ? decodeHeader(body.value.header) : body;
    if (!header.ok) return 'missing';
    const said = await this.lane(header.value.lane);
    if (typeof said === 'string') return said;
    const { origin, keyId, verify } = said;
    const checked = await checkBlockBody(bytes, { origin, keyId, verify });
    return checked.ok ? { bytes, body: checked.value, origin } : 'missing';
  }

  /** The body that a statement names. A body that is not right counts as missing: the lane's own key said what is wrong. */
  private async fetch(statement: BlockStatement): Promise<Omit<RingBlock, 'hasConflict'> | Absent> {
    const bytes = await this.ring.getValue(nodeIdOf(statement.bodyHash));
    const block = typeof bytes === 'string' ? bytes : await this.check(bytes);
    if (typeof block === 'string') return block;
    const { decodedHeader, hash } = block.body;
    const isNamed = decodedHeader.index === statement.height && equalBytes(hash, statement.headerHash);
    return isNamed && equalBytes(decodedHeader.lane, statement.lane) ? block : 'missing';
  }

  private keep(lane: { said: KnownLane; height: number }): void {
    const key = toHex(lane.said.lane);
    this.lanes.delete(key);
    this.lanes.set(key, lane);
    const oldest = this.lanes.size > KEPT_LANES ? this.lanes.keys().next().value : undefined;
    if (oldest !== undefined) this.lanes.delete(oldest);
  }
}

/** Whether another statement of the same lane and height names another block. */
function isConflict(found: readonly BlockStatement[], of: BlockStatement): boolean {
  return found.some(
    ({ lane, height, headerHash }) =>
      height === of.height && equalBytes(lane, of.lane) && !equalBytes(headerHash, of.headerHash),
  );
}

/** Nothing for a record that does not speak for this lane. */
function knownLane(record: SignedRecord, lane: Uint8Array): KnownLane[] {
  const statement = readLaneStatement(record);
  const publicKey = publicKeyOf(record.owner);
  if (!statement || !publicKey || !equalBytes(statement.lane, lane)) return [];
  const verify = createVerifier(publicKey);
  if (!verify.ok) return [];
  return [{ ...statement, publicKey, verify: verify.value }];
}
