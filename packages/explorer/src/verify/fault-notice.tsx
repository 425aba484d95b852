// The first fault of a chain: what is wrong, in which block, at which leaf and whose reading that is.

import { findReadingAt } from '../api/readings.ts';
import { hrefOf } from '../route.ts';
import { useAnswer } from '../use-answer.ts';
import type { ChainVerdict } from './protocol.ts';

/** `isOfReceiver`: the block and the reading can be looked at here. */
export function FaultNotice({
  fault,
  isOfReceiver,
}: {
  fault: NonNullable<ChainVerdict['fault']>;
  isOfReceiver: boolean;
}) {
  const { message, blockIndex, leafIndex, line } = fault;
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>Not sound.</strong> {sentence(message)}
      </p>
      <p>
        {blockIndex === undefined ? (
          `Line ${line} of the export`
        ) : (
          <>
            In{' '}
            {isOfReceiver ? (
              <a href={hrefOf({ kind: 'block', block: String(blockIndex) })}>block {blockIndex}</a>
            ) : (
              `block ${blockIndex}`
            )}
            {leafIndex !== undefined && (
              <>, reading at {isOfReceiver ? <FaultyReading leafIndex={leafIndex} /> : `leaf ${leafIndex}`}</>
            )}
          </>
        )}
        .
      </p>
    </div>
  );
}

function FaultyReading({ leafIndex }: { leafIndex: number }) {
  const reading = useAnswer((signal) => findReadingAt(leafIndex, signal), { subject: String(leafIndex) });
  const found = reading.kind === 'ready' ? reading.value : undefined;
  if (!found) return <>leaf {leafIndex}</>;
  return (
    <>
      <a href={hrefOf({ kind: 'reading', transactionId: found.transaction_id })}>leaf {leafIndex}</a>
      {found.device !== null && ` of ${found.device}`}
    </>
  );
}

function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}
