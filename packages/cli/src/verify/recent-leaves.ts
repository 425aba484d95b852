// What the leaf says that a fault is about, so that a verdict can name the reading and not only its number. Holds the newest leaves and
// the newest line: a wrong signature is found a little after its leaf was read.

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
  type VerifiedLeaf,
} from '@telltale/ledger';

/** More than the signatures that the chain verifier has under way (256): twice that. Bounds memory: 512 × 64 kB at worst. */
const KEPT_LEAVES = 512;

/** What a leaf says of itself. A leaf that is wrong may say anything. */
export interface LeafWords {
  readonly kind: 'reading' | 'enrolment' | 'revocation';
  readonly keyId: string;
  readonly receivedAtUs: number;
  readonly device?: string;
  readonly seq?: number;
}

export class RecentLeaves {
  private readonly source: AsyncIterable<Uint8Array>;
  private leaves: VerifiedLeaf[] = [];
  private newestLine: Uint8Array = new Uint8Array(0);

  constructor(lines: AsyncIterable<Uint8Array>) {
    this.source = lines;
  }

  /** The same lines, seen on their way. */
  async *lines(): AsyncGenerator<Uint8Array> {
    for await (const line of this.source) {
      this.newestLine = line;
      yield line;
    }
  }

  /** Takes the leaves of a block that fits so far. */
  take(leaves: readonly VerifiedLeaf[]): void {
    this.leaves = [...this.leaves, ...leaves.slice(-KEPT_LEAVES)].slice(-KEPT_LEAVES);
  }

  /** What the leaf of a fault says, where the fault is of one leaf that is still held. */
  describe(fault: ExportFault | undefined): LeafWords | undefined {
    if (fault?.leafIndex === undefined) return undefined;
    const kept = this.leaves.find((leaf) => leaf.leafIndex === fault.leafIndex);
    const leaf = kept ? kept.leaf : this.leafOfNewestLine(fault.leafIndex);
    return leaf && wordsOf(leaf);
  }

  private leafOfNewestLine(leafIndex: number): Leaf | undefined {
    const line = parseExportLine(this.newestLine);
    if (!line.ok || line.value.kind !== 'block') return undefined;
    const { header, leaves } = line.value.block;
    const decoded = decodeHeader(header);
    const bytes = decoded.ok ? leaves[leafIndex - (decoded.value.logSize - leaves.length)] : undefined;
    const leaf = bytes && decodeLeaf(bytes);
    return leaf?.ok ? leaf.value : undefined;
  }
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
