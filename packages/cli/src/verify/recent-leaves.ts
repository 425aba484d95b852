// What the leaf says that a fault is about, so that a verdict can name the reading and not only its number. Holds the newest lines:
// a wrong signature is found a little after its leaf was read.

import {
  decodeHeader,
  decodeLeaf,
  type ExportFault,
  LEAF_KIND,
  type Leaf,
  ownDevice,
  parseExportLine,
  parseReading,
  toHex,
} from '@telltale/ledger';

/** What a leaf says of itself. A leaf that is wrong may say anything. */
export interface LeafWords {
  readonly kind: 'reading' | 'enrolment' | 'revocation';
  readonly keyId: string;
  readonly receivedAtUs: number;
  readonly device?: string;
  readonly seq?: number;
}

interface RecentLine {
  /** Counted from 1. */
  readonly line: number;
  readonly bytes: Uint8Array;
  /** Signatures of its leaves and its block. */
  signatures: number;
}

export class RecentLeaves {
  private readonly source: AsyncIterable<Uint8Array>;
  private readonly keptSignatures: number;
  /** The oldest first. Lines, not leaves: one object for a block lives long, and nothing that was made of it. */
  private readonly recent: RecentLine[] = [];
  private signatures = 0;
  private count = 0;

  /** `underWay`: signatures that may be looked at while lines behind theirs are read. It bounds memory. */
  constructor(lines: AsyncIterable<Uint8Array>, { underWay }: { underWay: number }) {
    this.source = lines;
    // As many again: whoever reads goes on for a block before it hears of a fault.
    this.keptSignatures = 2 * underWay;
  }

  /** The same lines, seen on their way. */
  async *lines(): AsyncGenerator<Uint8Array> {
    for await (const bytes of this.source) {
      this.count++;
      this.recent.push({ line: this.count, bytes, signatures: 0 });
      yield bytes;
    }
  }

  /** Hears how many leaves the block of the newest line holds, once it fits so far. */
  tookBlock(leaves: number): void {
    const newest = this.recent.at(-1);
    if (!newest) return;
    newest.signatures = leaves + 1;
    this.signatures += newest.signatures;
    for (let [oldest] = this.recent; oldest && oldest !== newest; [oldest] = this.recent) {
      if (this.signatures - oldest.signatures < this.keptSignatures) return;
      this.signatures -= oldest.signatures;
      this.recent.shift();
    }
  }

  /** What the leaf of a fault says, where the fault is of one leaf whose line is still held. */
  describe(fault: ExportFault | undefined): LeafWords | undefined {
    if (fault?.leafIndex === undefined) return undefined;
    const found = this.recent.find(({ line }) => line === fault.line);
    const leaf = found && leafOf(found.bytes, fault.leafIndex);
    return leaf && wordsOf(leaf);
  }
}

function leafOf(bytes: Uint8Array, leafIndex: number): Leaf | undefined {
  const line = parseExportLine(bytes);
  if (!line.ok || line.value.kind !== 'block') return undefined;
  const { header, leaves } = line.value.block;
  const decoded = decodeHeader(header);
  const leaf = decoded.ok ? leaves[leafIndex - (decoded.value.logSize - leaves.length)] : undefined;
  const read = leaf && decodeLeaf(leaf);
  return read?.ok ? read.value : undefined;
}

function wordsOf(leaf: Leaf): LeafWords {
  const common = { keyId: toHex(leaf.keyId), receivedAtUs: leaf.receivedAtUs };
  if (leaf.kind === LEAF_KIND.keyEnrolled) return { kind: 'enrolment', ...common };
  if (leaf.kind === LEAF_KIND.keyRevoked) return { kind: 'revocation', ...common };
  const reading = parseReading(leaf.message);
  if (!reading.ok) return { kind: 'reading', ...common };
  const { device = ownDevice(leaf.keyId), seq } = reading.value;
  return { kind: 'reading', ...common, device, ...(seq !== undefined && { seq }) };
}
