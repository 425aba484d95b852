// The demonstration, step by step: what is done, and what came of it. Everything in it is real: keys, signatures, mining, verdicts. Only the
// receiver is missing; demo-ledger.ts does what it would do.

import {
  headerHash,
  issueReceipts,
  leafHash,
  type Receipt,
  readingTransactionId,
  toBase64,
  toHex,
  utf8,
} from '@telltale/ledger';
import { makeKey, type PrivateKey } from '../keys/key-file.ts';
import { judge } from './demo-judgement.ts';
import { exportOf, firstUseLeaf, type Ledger, readingLeaf, type SealedBlock, sealBlocks } from './demo-ledger.ts';

/** Two lines. */
export interface Step {
  readonly done: string;
  readonly outcome: string;
}

/** What the steps made, for whoever wants to check it with `telltale verify`. */
export interface DemoFiles {
  readonly 'honest.jsonl': string;
  readonly 'changed.jsonl': string;
  readonly 'rewritten.jsonl': string;
  readonly 'receipt.json': string;
  readonly 'ledger-key.txt': string;
}

const DEVICE = 'fridge';
const ORIGIN = 'demo.example/ledger';
const CELSIUS = [4.1, 9.8, 4.3, 4.2] as const;
/** Which of them somebody would rather not have: the fridge was open. */
const UNWANTED = 1;
/** Its place in the log: leaf 0 says whose key speaks for the device. */
const UNWANTED_LEAF = UNWANTED + 1;
const SECOND_US = 1_000_000;

/** `nowUs`: the end of the story, which takes ten seconds on the ledger's clock and far less on yours. */
export async function* tellStory(nowUs: number): AsyncGenerator<Step, DemoFiles> {
  const startUs = nowUs - 10 * SECOND_US;
  const { privateKey: device } = await makeKey('ed25519');
  const { privateKey: ledgerKey } = await makeKey('ed25519');
  const ledger: Ledger = { origin: ORIGIN, key: ledgerKey, genesisAtUs: startUs };
  const { key } = ledgerKey;
  yield {
    done: 'A device makes a key pair. The private half never leaves it.',
    outcome: `key id ${short(device.key.keyId)}, Ed25519`,
  };

  const signed = CELSIUS.map((celsius, seq) => sign(device, { celsius, seq }));
  const unwanted = signed[UNWANTED];
  if (!unwanted) throw new Error('the unwanted reading is one of them');
  yield {
    done: 'It measures, and signs the bytes of each reading. The second one is bad news: the fridge stood open.',
    outcome: `${unwanted.text}   signature ${toBase64(unwanted.signature).slice(0, 16)}…`,
  };

  const leaves = signed.map(({ message, signature }, i) =>
    readingLeaf({ by: device, message, signature, receivedAtUs: startUs + (i + 2) * SECOND_US }),
  );
  const firstUse = firstUseLeaf({ device: DEVICE, key: device, receivedAtUs: startUs + SECOND_US });
  const receipt = receiptOf(ledger, {
    leaf: leaves[UNWANTED] ?? firstUse,
    keyId: device.key.keyId,
    message: unwanted.message,
    receivedAtUs: startUs + (UNWANTED + 2) * SECOND_US,
  });
  yield {
    done: 'The receiver checks the signature, stores the reading, and answers with a signed receipt, which the device keeps.',
    outcome: `leaf ${receipt.leaf_index} of the log is ${receipt.leaf_hash.slice(0, 16)}…, signed by the ledger’s key ${short(key.keyId)}`,
  };

  const [one, two, three, four] = leaves;
  const blocks = sealBlocks(ledger, [
    { leaves: [firstUse, ...present(one, two)], timestampUs: startUs + 4 * SECOND_US },
    { leaves: present(three, four), timestampUs: startUs + 6 * SECOND_US },
  ]);
  const [, first, second] = blocks;
  if (!first || !second) throw new Error('two blocks were sealed');
  yield {
    done: 'Readings are sealed in mined blocks. A block holds the Merkle root of the whole log so far.',
    outcome: `${minedWords(first)}; Merkle root ${short(first.decoded.logRoot)}`,
  };
  yield {
    done: 'Each block names the hash of the one before it, so none can be exchanged alone.',
    outcome: `${minedWords(second)}; the one before is ${short(second.decoded.previousHash)}`,
  };

  const honest = exportOf(ledger, blocks);
  yield {
    done: 'Anybody can check all of it from an export, without trusting the receiver.',
    outcome: await judge({ lines: honest, key }),
  };

  const changed = exportOf(ledger, changeOneByte(blocks, { leafIndex: UNWANTED_LEAF, from: '9.8', to: '4.8' }));
  yield {
    done: 'Somebody changes one byte in the database: 9.8 becomes 4.8. The verifier names the block and the reading.',
    outcome: await judge({ lines: changed, key }),
  };

  const rewritten = exportOf(
    ledger,
    sealBlocks(ledger, [
      { leaves: [firstUse, ...present(one)], timestampUs: startUs + 4 * SECOND_US },
      { leaves: present(three, four), timestampUs: startUs + 6 * SECOND_US },
    ]),
  );
  yield {
    done: 'So the receiver leaves the reading out, and mines, hashes and signs everything anew with its own key. That fits itself:',
    outcome: await judge({ lines: rewritten, key }),
  };
  yield {
    done: 'But the device kept its receipt, signed by the same key. Both cannot be true, and both signatures are the receiver’s:',
    outcome: await judge({ lines: rewritten, key, kept: receipt }),
  };
  return {
    'honest.jsonl': honest.join(''),
    'changed.jsonl': changed.join(''),
    'rewritten.jsonl': rewritten.join(''),
    'receipt.json': `${JSON.stringify(receipt)}\n`,
    'ledger-key.txt': `${toBase64(key.spki)}\n`,
  };
}

function sign(by: PrivateKey, reading: { celsius: number; seq: number }) {
  const text = JSON.stringify({ device: DEVICE, ...reading });
  const message = utf8(text);
  return { text, message, signature: by.sign(message) };
}

function receiptOf(
  ledger: Ledger,
  reading: { leaf: Uint8Array; keyId: PrivateKey['key']['keyId']; message: Uint8Array; receivedAtUs: number },
): Receipt {
  const { leaf, receivedAtUs } = reading;
  const entry = { transactionId: readingTransactionId(reading), leafIndex: UNWANTED_LEAF, leafHash: leafHash(leaf) };
  const { origin, key } = ledger;
  const [receipt] = issueReceipts({ origin, sealByUs: 0, entries: [{ ...entry, receivedAtUs }], sign: key.sign });
  if (receipt === undefined) throw new Error('a commit of one reading has one receipt');
  return receipt;
}

/** The same blocks with another digit in the message of one leaf; nothing else is made to fit. */
function changeOneByte(
  blocks: readonly SealedBlock[],
  change: { leafIndex: number; from: string; to: string },
): SealedBlock[] {
  let index = 0;
  const altered = (leaf: Uint8Array): Uint8Array => {
    const bytes = Uint8Array.from(leaf);
    // The message stands last: what a signature happens to hold is not meant.
    bytes.set(utf8(change.to), Buffer.from(bytes).lastIndexOf(change.from));
    return bytes;
  };
  return blocks.map((block) => ({
    ...block,
    leaves: block.leaves.map((leaf) => (index++ === change.leafIndex ? altered(leaf) : leaf)),
  }));
}

function minedWords({ header, decoded }: SealedBlock): string {
  return `block ${decoded.index} is ${short(headerHash(header))}, found at try ${decoded.nonce + 1n}`;
}

function short(bytes: Uint8Array): string {
  return `${toHex(bytes).slice(0, 16)}…`;
}

function present(...leaves: readonly (Uint8Array | undefined)[]): Uint8Array[] {
  return leaves.filter((leaf) => leaf !== undefined);
}
