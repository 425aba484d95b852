// One transaction: what it says, where it stands in the log, and its proof, checked here and drawn as the way through the tree.

import {
  type CheckedProof,
  checkProof,
  fromUtf8,
  LEAF_KIND,
  type Proof,
  parseVerifierKey,
  type Result,
  toHex,
} from '@telltale/ledger';
import { useState } from 'preact/hooks';
import { ApiError } from '../api/get-json.ts';
import type { LedgerAnswer } from '../api/ledger.ts';
import { getProof, getReading, proofPath, type ReadingAnswer } from '../api/readings.ts';
import { Awaited } from '../parts/awaited.tsx';
import { clockOffset } from '../parts/clock-offset.ts';
import { Facts } from '../parts/facts.tsx';
import { Hash } from '../parts/hash.tsx';
import { Measurements } from '../parts/measurements.tsx';
import { Page } from '../parts/page.tsx';
import { Time } from '../parts/time.tsx';
import { hrefOf } from '../route.ts';
import { PathDrawing } from '../tree/path-drawing.tsx';
import { useAnswer } from '../use-answer.ts';

interface ProofOutcome {
  readonly proof: Proof;
  readonly checked: Result<CheckedProof, string>;
}

export function ReadingPage(props: { transactionId: string; ledger: LedgerAnswer; newestBlock: number }) {
  const { transactionId, ledger, newestBlock } = props;
  // What is sealed does not change; what is pending may be sealed by the next block.
  const [isSettled, setSettled] = useState(false);
  const load = async (signal: AbortSignal) => {
    const found = await loadReading({ transactionId, ledger }, signal);
    setSettled(found.outcome !== undefined);
    return found;
  };
  const answer = useAnswer(load, { subject: transactionId, keys: [isSettled ? undefined : newestBlock] });
  return (
    <Page title={answer.kind === 'ready' ? titleOf(answer.value.reading) : 'Reading'}>
      <Awaited answer={answer} missing="This ledger has accepted no transaction with this id.">
        {({ reading, outcome }) => (
          <>
            <ReadingFacts reading={reading} />
            <section>
              <h2>Message</h2>
              <pre class="message">{messageOf(reading, outcome)}</pre>
            </section>
            <Measurements resolved={reading.resolved} unresolved={reading.unresolved} />
            <section>
              <h2>Proof</h2>
              {outcome ? (
                <ProofSection outcome={outcome} transactionId={transactionId} />
              ) : (
                <p class="notice">{pendingText(reading)}</p>
              )}
            </section>
          </>
        )}
      </Awaited>
    </Page>
  );
}

async function loadReading(
  of: { transactionId: string; ledger: LedgerAnswer },
  signal: AbortSignal,
): Promise<{ reading: ReadingAnswer; outcome?: ProofOutcome }> {
  const reading = await getReading(of.transactionId, signal);
  // Another ledger's proof is that ledger's to give.
  if (reading.origin !== undefined || reading.state === 'pending') return { reading };
  try {
    const proof = await getProof(of.transactionId, signal);
    const verifier = parseVerifierKey(of.ledger.verifier_key);
    if (!verifier.ok) return { reading, outcome: { proof, checked: verifier } };
    const checked = await checkProof({ proof, verifier: verifier.value });
    const isAnother = checked.ok && toHex(checked.value.transactionId) !== of.transactionId;
    const refused = { ok: false, code: 'proof-other', message: 'the proof is of another transaction' } as const;
    return { reading, outcome: { proof, checked: isAnother ? refused : checked } };
  } catch (error) {
    if (error instanceof ApiError && error.code === 'pending') return { reading };
    throw error;
  }
}

function titleOf({ kind, leaf_index: leafIndex }: ReadingAnswer): string {
  return `${kind === 'reading' ? 'Reading' : 'Registry entry'} ${leafIndex}`;
}

function ReadingFacts({ reading }: { reading: ReadingAnswer }) {
  const { device, block_index: blockIndex, sealed_at: sealedAtUs, clock_offset: offsetUs } = reading;
  return (
    <Facts
      facts={[
        { name: 'Device', value: device !== null && <a href={hrefOf({ kind: 'device', device })}>{device}</a> },
        { name: 'Number', value: reading.seq?.toLocaleString() },
        {
          name: 'Block',
          value:
            blockIndex === null ? (
              'pending'
            ) : (
              <a href={hrefOf({ kind: 'block', block: String(blockIndex) })}>Block {blockIndex}</a>
            ),
        },
        { name: 'Taken by the receiver', value: <Time us={reading.received_at} /> },
        { name: 'Sealed at', value: sealedAtUs !== null && <Time us={sealedAtUs} /> },
        {
          name: 'Device’s clock',
          value: offsetUs !== null && clockOffset(offsetUs / 1000),
        },
        { name: 'Ledger', value: reading.origin },
        { name: 'Transaction', value: <Hash hex={reading.transaction_id} isWhole /> },
        { name: 'Leaf hash', value: <Hash hex={reading.leaf_hash} isWhole /> },
        { name: 'Key', value: <Hash hex={reading.key_id} isWhole /> },
        { name: 'Signature', value: reading.algorithm ?? 'none: a first use' },
      ].filter(({ value }) => value !== false)}
    />
  );
}

/** The exact bytes that were signed where the proof has brought them. */
function messageOf(reading: ReadingAnswer, outcome: ProofOutcome | undefined): string {
  const leaf = outcome?.checked.ok ? outcome.checked.value.leaf : undefined;
  const exact = leaf?.kind === LEAF_KIND.reading ? fromUtf8(leaf.message) : undefined;
  return exact ?? JSON.stringify(reading.data, null, 2);
}

function pendingText(reading: ReadingAnswer): string {
  if (reading.origin !== undefined) return `It is in the ledger ${reading.origin}: its proof is to be had there.`;
  return 'It is accepted and durable, and waits for its block. The proof comes with the block.';
}

function ProofSection({ outcome, transactionId }: { outcome: ProofOutcome; transactionId: string }) {
  const { proof, checked } = outcome;
  return (
    <>
      {checked.ok ? (
        <p class="notice good" role="status">
          Checked in this browser: the leaf’s signatures are right, and the path leads to the root that the ledger has
          signed.
        </p>
      ) : (
        <p class="notice bad" role="alert">
          The proof does not hold: {checked.message}.
        </p>
      )}
      {checked.ok && <PathDrawing proof={proof} checked={checked.value} />}
      <p>
        <a href={proofPath(transactionId)} download={`${transactionId.slice(0, 16)}.tlog-proof`}>
          Keep the proof
        </a>{' '}
        <span class="quiet">
          It can be checked without this receiver, under Verify or with <code>telltale check-proof</code>.
        </span>
      </p>
    </>
  );
}
