// Blocks, a line each.

import type { BlockEvent } from '../api/blocks.ts';
import { hrefOf } from '../route.ts';
import { counted } from './counted.ts';
import { Hash } from './hash.tsx';
import { Time } from './time.tsx';

export function BlockList({ blocks }: { blocks: readonly BlockEvent[] }) {
  if (blocks.length === 0) return <p class="quiet">Loading …</p>;
  return (
    <ol class="rows blocks" aria-label="Newest blocks first">
      {blocks.map(({ block_index: index, hash, readings, sealed_at: sealedAt }) => (
        <li key={index}>
          <a class="row-name" href={hrefOf({ kind: 'block', block: String(index) })}>
            Block {index}
          </a>
          <span class="row-count">{index === 0 ? 'genesis' : counted(readings, 'reading')}</span>
          <Hash hex={hash} />
          <span class="row-time">
            <Time us={sealedAt} />
          </span>
        </li>
      ))}
    </ol>
  );
}
