// The first fault of a chain: what is wrong, in which block, at which leaf and whose reading that is.

import { getBlock } from '../api/blocks.ts';
import { findChangedLeaf } from '../api/leaves.ts';
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
  const { code, message, blockIndex, leafIndex, line } = fault;
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
            {code === 'log-root' && isOfReceiver && <ChangedReading blockIndex={blockIndex} />}
          </>
        )}
        .
      </p>
    </div>
  );
}

/** A root that is wrong is that of all leaves: which of them was changed, the log's tiles tell, if they were left alone. */
function ChangedReading({ blockIndex }: { blockIndex: number }) {
  const load = async (signal: AbortSignal) => {
    const { first_leaf: start, log_size: end } = await getBlock(String(blockIndex), signal);
    return findChangedLeaf({ start, end }, signal);
  };
  const changed = useAnswer(load, { subject: String(blockIndex) });
  if (changed.kind !== 'ready' || changed.value === undefined) return null;
  return (
    <>
      , reading at <FaultyReading leafIndex={changed.value} />, whose hash is not that of the log’s tiles
    </>
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
