// What somebody wants to have verified, read and judged: an export as a stream, or a proof in either of its forms.

import {
  checkProof,
  type ExportVerdict,
  fromUtf8,
  type NoteVerifier,
  type Proof,
  parseProof,
  parseVerifierKey,
  proofFromJson,
  type SignatureChecker,
  splitLines,
  toHex,
  verifyExport,
} from '@telltale/ledger';
import type { ChainVerdict, ProofVerdict, VerifyMessage, VerifyProgress, VerifyRequest } from './protocol.ts';

/** Longest file that is looked at as a proof: a leaf of 64 kB in base64, a key and a path. An export is longer, or begins otherwise. */
const MAX_PROOF_BYTES = 1 << 20;
/** Between two messages of progress. A guess: a bar that moves smoothly. */
const PROGRESS_MS = 100;
const EXPORT_BEGINS = '{"format":"telltale-export';
const PROOF_BEGINS = 'c2sp.org/tlog-proof@';

interface Work {
  readonly checker?: SignatureChecker;
  readonly onProgress: (progress: VerifyProgress) => void;
}

/** The whole ledger of the receiver that served the page. Rejects when the receiver cannot be read. */
export async function verifyLedger(request: VerifyRequest & { kind: 'ledger' }, work: Work): Promise<VerifyMessage> {
  const trusted = trustedOf(request.verifierKey);
  if (trusted === 'unreadable') return failed(UNREADABLE_KEY);
  const response = await fetch('/v1/export', { cache: 'no-store' });
  if (!response.ok || !response.body) return failed(`the receiver answered ${response.status} instead of its export`);
  return verifyStream(response.body, { trusted, ...work });
}

/** An export, or a proof as text or JSON. `ledgerVerifierKey`: what a proof is checked with where no other key is given. */
export async function verifyFile(request: VerifyRequest & { kind: 'file' }, work: Work): Promise<VerifyMessage> {
  const trusted = trustedOf(request.verifierKey);
  if (trusted === 'unreadable') return failed(UNREADABLE_KEY);
  const { file, ledgerVerifierKey } = request;
  const beginning = await file.slice(0, EXPORT_BEGINS.length).text();
  if (beginning === EXPORT_BEGINS) return verifyStream(file.stream(), { trusted, ...work });
  if (file.size > MAX_PROOF_BYTES) return failed('the file is neither an export nor a proof');
  const proof = proofIn(await file.text(), beginning);
  if (typeof proof === 'string') return failed(proof);
  const own = parseVerifierKey(ledgerVerifierKey);
  const verifier = trusted ?? (own.ok ? own.value : undefined);
  return verifier ? judgeProof(proof, { verifier, isTold: trusted !== undefined }) : failed(UNREADABLE_KEY);
}

/** Why something could not be verified, for a person. */
export function toProblem(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const UNREADABLE_KEY = 'the verifier key cannot be read: <name>+<8 digits>+<base64>';

function trustedOf(verifierKey: string | undefined): NoteVerifier | undefined | 'unreadable' {
  if (verifierKey === undefined) return undefined;
  const parsed = parseVerifierKey(verifierKey);
  return parsed.ok ? parsed.value : 'unreadable';
}

function failed(message: string): VerifyMessage {
  return { kind: 'failed', message };
}

async function verifyStream(
  stream: ReadableStream<Uint8Array>,
  how: Work & { trusted: NoteVerifier | undefined },
): Promise<ChainVerdict> {
  const { trusted, checker, onProgress } = how;
  const startedAt = performance.now();
  const progress = { kind: 'progress' as const, blocks: 0, leaves: 0, sizeBytes: 0 };
  let saidAt = 0;
  const tell = () => {
    if (performance.now() - saidAt < PROGRESS_MS) return;
    saidAt = performance.now();
    onProgress({ ...progress });
  };
  const chunks = chunksOf(stream, (sizeBytes) => {
    progress.sizeBytes += sizeBytes;
    tell();
  });
  const verdict = await verifyExport({
    lines: splitLines(chunks),
    ...(trusted && { trusted: { key: trusted.key, origin: trusted.name } }),
    ...(checker && { checker }),
    onBlock: async ({ leaves }) => {
      progress.blocks++;
      progress.leaves += leaves.length;
      tell();
    },
  });
  onProgress(progress);
  return chainVerdict(verdict, performance.now() - startedAt);
}

/** Not every browser iterates over a stream. A reader that stops early cancels it. */
async function* chunksOf(
  stream: ReadableStream<Uint8Array>,
  onChunk: (sizeBytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onChunk(value.length);
      yield value;
    }
  } finally {
    // What is under way is not needed; that it cannot be ended any more changes no verdict.
    await reader.cancel().catch(() => undefined);
  }
}

function chainVerdict(verdict: ExportVerdict, durationMs: number): ChainVerdict {
  const { isSound, keySource, origin, summary, fault } = verdict;
  let [missing, duplicates] = [0, 0];
  for (const [, sequence] of verdict.sequences.devices()) {
    missing += sequence.missing();
    duplicates += sequence.state().duplicates;
  }
  return {
    kind: 'chain',
    isSound,
    keySource,
    ...(origin !== undefined && { origin }),
    blocks: summary.blocks,
    leaves: summary.leaves,
    readings: summary.readings,
    devices: summary.devices,
    missing,
    duplicates,
    ...(summary.head && { headHash: toHex(summary.head.hash) }),
    durationMs,
    ...(fault && { fault }),
  };
}

/** The proof in a text, or what is wrong with it. */
function proofIn(text: string, beginning: string): Proof | string {
  if (beginning.startsWith(PROOF_BEGINS)) {
    const proof = parseProof(text);
    return proof.ok ? proof.value : proof.message;
  }
  try {
    const proof = proofFromJson(JSON.parse(text));
    return proof.ok ? proof.value : proof.message;
  } catch {
    // No JSON: it is none of the forms.
    return 'the file is neither an export nor a proof';
  }
}

async function judgeProof(proof: Proof, by: { verifier: NoteVerifier; isTold: boolean }): Promise<ProofVerdict> {
  const checked = await checkProof({ proof, verifier: by.verifier });
  if (!checked.ok) return { kind: 'proof', isSound: false, message: checked.message };
  const { checkpoint, leaf, leafIndex, transactionId, reading } = checked.value;
  return {
    kind: 'proof',
    isSound: true,
    keySource: by.isTold ? 'told' : 'receiver',
    origin: checkpoint.origin,
    leafIndex,
    treeSize: checkpoint.size,
    transactionId: toHex(transactionId),
    ...(reading && { device: reading.device }),
    receivedAtUs: leaf.receivedAtUs,
    text: reading ? (fromUtf8(leaf.message) ?? '') : 'an entry of the registry',
  };
}
