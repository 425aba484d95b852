// A verification as it goes on, and its verdict: green, or red with the first fault and where it is.

import type { LedgerAnswer } from '../api/ledger.ts';
import { counted } from '../parts/counted.ts';
import { Facts } from '../parts/facts.tsx';
import { Hash } from '../parts/hash.tsx';
import { Time } from '../parts/time.tsx';
import { hrefOf } from '../route.ts';
import { FaultNotice } from './fault-notice.tsx';
import type { ChainVerdict, ProofVerdict, VerifyProgress, VerifyRequest } from './protocol.ts';
import type { Verification } from './use-verification.ts';

export function VerificationView(props: { state: Exclude<Verification, { kind: 'none' }>; ledger: LedgerAnswer }) {
  const { state, ledger } = props;
  if (state.kind === 'running') {
    return <Running request={state.request} progress={state.progress} leaves={ledger.head.log_size} />;
  }
  const { outcome, request } = state;
  switch (outcome.kind) {
    case 'failed':
      return (
        <p class="notice bad" role="alert">
          No verdict: {outcome.message}.
        </p>
      );
    case 'proof':
      return <ProofView verdict={outcome} />;
    case 'chain':
      return <ChainView verdict={outcome} isOfReceiver={request.kind === 'ledger'} />;
    default:
      return outcome satisfies never;
  }
}

function Running(props: { request: VerifyRequest; progress: VerifyProgress | undefined; leaves: number }) {
  const { request, progress } = props;
  // The receiver's chain has grown since the page was opened, perhaps; a file is as long as it is.
  const share =
    request.kind === 'ledger'
      ? (progress?.leaves ?? 0) / Math.max(1, props.leaves)
      : (progress?.sizeBytes ?? 0) / Math.max(1, request.file.size);
  const percent = Math.min(100, Math.floor(100 * share));
  return (
    <div class="progress">
      <progress max={100} value={percent} aria-label="Verified so far" />
      <p>
        {percent} %: {counted(progress?.blocks ?? 0, 'block')}, {(progress?.leaves ?? 0).toLocaleString()} leaves
      </p>
    </div>
  );
}

function ChainView({ verdict, isOfReceiver }: { verdict: ChainVerdict; isOfReceiver: boolean }) {
  const { fault, keySource, blocks, readings, devices, missing, duplicates, headHash, durationMs } = verdict;
  const whose =
    keySource === 'told'
      ? 'It is by the key that you gave.'
      : 'It fits the key that it brought itself: whether that is the right key, only another source can say.';
  return (
    <>
      {fault ? (
        <FaultNotice fault={fault} isOfReceiver={isOfReceiver} />
      ) : (
        <p class="notice good" role="status">
          <strong>Sound.</strong> {counted(blocks, 'block')} and {counted(readings, 'reading')} are exactly what was
          signed and sealed. {whose}
        </p>
      )}
      <Facts
        facts={[
          { name: 'Ledger', value: verdict.origin },
          {
            name: fault ? 'Sound before it' : 'Read',
            value: `${counted(blocks, 'block')}, ${counted(verdict.leaves, 'leaf').replace('leafs', 'leaves')}`,
          },
          { name: 'Devices', value: devices.toLocaleString() },
          { name: 'Missing numbers', value: missing === 0 ? 'none' : missing.toLocaleString() },
          { name: 'Numbers used twice', value: duplicates === 0 ? 'none' : duplicates.toLocaleString() },
          { name: fault ? 'Last sound block' : 'Newest block', value: headHash && <Hash hex={headHash} isWhole /> },
          { name: 'Time', value: `${(durationMs / 1000).toLocaleString(undefined, { maximumFractionDigits: 1 })} s` },
        ]}
      />
    </>
  );
}

function ProofView({ verdict }: { verdict: ProofVerdict }) {
  if (!verdict.isSound) {
    return (
      <p class="notice bad" role="alert">
        <strong>The proof does not hold:</strong> {verdict.message}.
      </p>
    );
  }
  const { keySource, origin, leafIndex, treeSize, transactionId, device, receivedAtUs, text } = verdict;
  return (
    <>
      <p class="notice good" role="status">
        <strong>The proof holds.</strong>{' '}
        {keySource === 'told'
          ? 'It is by the key that you gave.'
          : 'It is by the key that this receiver calls its own: whether that is the right key, only another source can say.'}
      </p>
      <Facts
        facts={[
          { name: 'Ledger', value: origin },
          { name: 'Leaf', value: `${leafIndex.toLocaleString()} of ${treeSize.toLocaleString()}` },
          { name: 'Device', value: device },
          { name: 'Taken by the receiver', value: <Time us={receivedAtUs} /> },
          { name: 'Message', value: <code class="message">{text}</code> },
          {
            name: 'Transaction',
            value: <Hash hex={transactionId} href={hrefOf({ kind: 'reading', transactionId })} />,
          },
        ]}
      />
    </>
  );
}
