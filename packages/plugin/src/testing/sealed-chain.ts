// A small sealed chain of a ledger that nobody else knows, in memory: genuine blocks of genuine readings, at a difficulty that needs no mining.

import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import {
  ALGORITHM,
  createSigner,
  encodeHeader,
  encodeLeaf,
  Frontier,
  genesisHeader,
  type Hash,
  headerHash,
  LEAF_KIND,
  laneOf,
  leafHash,
  MerkleTree,
  type PublicKey,
  parsePublicKey,
  signBlock,
  subtreesOf,
  transactionIdOf,
  utf8,
} from '@telltale/ledger';
import type { AcceptedReading, BlockReader, LedgerIdentity, LoggedLeaf, ReadingReader, SealedBlock } from '../index.ts';

export interface SealedChain {
  readonly ledger: LedgerIdentity;
  readonly blocks: readonly SealedBlock[];
  /** The readings of all blocks, as they were accepted. */
  readonly readings: readonly AcceptedReading[];
  readonly blockReader: BlockReader;
  readonly readingReader: ReadingReader;
}

/** Time of genesis, microseconds: any. Blocks are a second apart. */
const START_US = 1_767_225_600_000_000;
const SECOND_US = 1_000_000;

function newKey(): { publicKey: PublicKey; privateKey: ReturnType<typeof generateKeyPairSync>['privateKey'] } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = parsePublicKey(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }));
  if (!key.ok) throw new Error(key.message);
  return { publicKey: key.value, privateKey };
}

/** Genesis, and `blockCount` blocks of `readingsPerBlock` readings of two devices. */
export function makeSealedChain(size: { blockCount: number; readingsPerBlock: number }): SealedChain {
  const { publicKey, privateKey } = newKey();
  const origin = 'plugin.example/ledger';
  const lane = laneOf(publicKey.keyId);
  const signText = createSigner(privateKey);
  const device = newKey();
  const frontier = new Frontier();
  const tree = new MerkleTree();
  const readings: AcceptedReading[] = [];
  const blocks: SealedBlock[] = [];

  const seal = (header: Uint8Array, leaves: readonly Uint8Array[]) => {
    const hash = headerHash(header);
    const signature = signBlock({ origin, hash, sign: signText });
    const { size: logSize } = frontier;
    blocks.push({
      blockIndex: blocks.length,
      hash,
      firstLeafIndex: logSize - leaves.length,
      logSize,
      header,
      signature,
      leaves,
    });
  };
  seal(encodeHeader(genesisHeader({ lane, timestampUs: START_US })), []);
  for (let index = 1; index <= size.blockCount; index++) {
    const receivedAtUs = START_US + index * SECOND_US - SECOND_US / 2;
    const leaves = Array.from({ length: size.readingsPerBlock }, () => {
      const seq = readings.length;
      const name = `plugin device ${seq % 2}`;
      const message = utf8(JSON.stringify({ device: name, seq, value: seq / 4 }));
      const leaf = {
        kind: LEAF_KIND.reading,
        algorithm: ALGORITHM.ed25519,
        receivedAtUs,
        keyId: device.publicKey.keyId,
        signature: sign(null, message, device.privateKey),
        message,
      };
      const bytes = encodeLeaf(leaf);
      const hash = leafHash(bytes);
      frontier.append(hash);
      tree.append(hash);
      const transactionId = transactionIdOf(leaf, hash);
      readings.push({ leafIndex: seq, transactionId, leafHash: hash, leaf: bytes, device: name, receivedAtUs, seq });
      return bytes;
    });
    const header = encodeHeader({
      index,
      previousHash: lastOf(blocks).hash,
      timestampUs: START_US + index * SECOND_US,
      lane,
      logRoot: frontier.root(),
      logSize: frontier.size,
      difficultyBits: 0,
      nonce: 0n,
    });
    seal(header, leaves);
  }
  const ledger = { origin, lane, publicKey, signText };
  return { ledger, blocks, readings, ...readersOf({ blocks, readings, tree }) };
}

function readersOf(chain: {
  blocks: readonly SealedBlock[];
  readings: readonly AcceptedReading[];
  tree: MerkleTree;
}): Pick<SealedChain, 'blockReader' | 'readingReader'> {
  const { blocks, readings, tree } = chain;
  const logged = ({ leafIndex, leaf }: AcceptedReading): LoggedLeaf => {
    const blockIndex = blocks.findIndex(({ logSize }) => logSize > leafIndex);
    return { leafIndex, leaf, sealing: { blockIndex, sealedAtUs: START_US + blockIndex * SECOND_US } };
  };
  return {
    blockReader: {
      head: () => lastOf(blocks),
      page: async ({ start, limit }) => blocks.slice(start, start + limit),
      peaks: async (logSize): Promise<Hash[]> => subtreesOf(0, logSize).map((position) => tree.node(position)),
    },
    readingReader: {
      async find(transactionId) {
        const found = readings.find((reading) => Buffer.compare(reading.transactionId, transactionId) === 0);
        return found && logged(found);
      },
      at: async (leafIndexes) => readings.filter(({ leafIndex }) => leafIndexes.includes(leafIndex)).map(logged),
    },
  };
}

function lastOf(blocks: readonly SealedBlock[]): SealedBlock {
  const last = blocks.at(-1);
  if (!last) throw new Error('the chain has no genesis block');
  return last;
}
