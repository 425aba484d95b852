// Leaves of a block, a line each: where in the log, whose, when, and the message as it was signed.

import type { ShownLeaf } from '../api/leaves.ts';
import { hrefOf } from '../route.ts';
import { Time } from './time.tsx';

export function LeafList({ leaves }: { leaves: readonly ShownLeaf[] }) {
  return (
    <ol class="rows leaves">
      {leaves.map(({ leafIndex, kind, transactionId, device, receivedAtUs, text }) => (
        <li key={leafIndex}>
          <a class="row-name" href={hrefOf({ kind: 'reading', transactionId })}>
            Leaf {leafIndex}
          </a>
          <span class="row-count">
            {device !== undefined && <a href={hrefOf({ kind: 'device', device })}>{device}</a>}
            {kind !== 'reading' && kind}
          </span>
          <span class="row-time">
            <Time us={receivedAtUs} />
          </span>
          <code class="message">{text}</code>
        </li>
      ))}
    </ol>
  );
}
