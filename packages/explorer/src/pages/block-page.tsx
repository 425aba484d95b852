// One block: its header, whose hash is computed here, and its leaves, decoded from their bytes.

import { BITS_PER_DIFFICULTY, encodeHeader, fromHex, hashFromHex, headerHash, toHex } from '@telltale/ledger';
import { useState } from 'preact/hooks';
import { type BlockAnswer, getBlock } from '../api/blocks.ts';
import { getLeaves } from '../api/leaves.ts';
import type { LedgerAnswer } from '../api/ledger.ts';
import { Awaited } from '../parts/awaited.tsx';
import { counted } from '../parts/counted.ts';
import { Facts } from '../parts/facts.tsx';
import { Hash } from '../parts/hash.tsx';
import { LeafList } from '../parts/leaf-list.tsx';
import { Page } from '../parts/page.tsx';
import { Time } from '../parts/time.tsx';
import { hrefOf } from '../route.ts';
import { useAnswer } from '../use-answer.ts';

/** Leaves shown at a time. A guess. */
const PAGE_LEAVES = 50;

export function BlockPage({
  asked,
  ledger,
  newestBlock,
}: {
  asked: string;
  ledger: LedgerAnswer;
  newestBlock: number;
}) {
  const block = useAnswer((signal) => getBlock(asked, signal), { subject: asked });
  const title = block.kind === 'ready' ? `Block ${block.value.block_index}` : 'Block';
  return (
    <Page title={title}>
      <Awaited answer={block} missing="This ledger has no such block (yet).">
        {(known) => (
          <>
            <nav class="pager" aria-label="Neighbours">
              {known.block_index > 0 && (
                <a href={hrefOf({ kind: 'block', block: String(known.block_index - 1) })}>
                  ← Block {known.block_index - 1}
                </a>
              )}
              {known.block_index < newestBlock && (
                <a href={hrefOf({ kind: 'block', block: String(known.block_index + 1) })}>
                  Block {known.block_index + 1} →
                </a>
              )}
            </nav>
            <HeaderFacts block={known} lane={ledger.lane} />
            <Leaves block={known} />
          </>
        )}
      </Awaited>
    </Page>
  );
}

function HeaderFacts({ block, lane }: { block: BlockAnswer; lane: string }) {
  const isRight = hashOf(block, lane) === block.hash;
  return (
    <Facts
      facts={[
        { name: 'Hash', value: <Hash hex={block.hash} isWhole /> },
        {
          name: 'Computed here',
          value: isRight ? (
            <span class="good">the header has this hash</span>
          ) : (
            <span class="bad">the header has another hash</span>
          ),
        },
        {
          name: 'Block before',
          value:
            block.block_index === 0 ? (
              'none: this is genesis'
            ) : (
              <Hash hex={block.previous_hash} href={hrefOf({ kind: 'block', block: block.previous_hash })} />
            ),
        },
        { name: 'Sealed at', value: <Time us={block.sealed_at} /> },
        { name: 'Log root', value: <Hash hex={block.log_root} isWhole /> },
        { name: 'Log size', value: counted(block.log_size, 'leaf').replace('leafs', 'leaves') },
        { name: 'Difficulty', value: `${counted(block.difficulty, 'leading zero')}, nonce ${block.nonce}` },
      ]}
    />
  );
}

function Leaves({ block }: { block: BlockAnswer }) {
  const [start, setStart] = useState(block.first_leaf);
  const end = Math.min(start + PAGE_LEAVES, block.log_size);
  const leaves = useAnswer((signal) => getLeaves({ start, end }, signal), { subject: `${block.hash} ${start}` });
  if (block.first_leaf === block.log_size) return <p class="quiet">This block has no leaves.</p>;
  const others = block.log_size - block.first_leaf - block.readings;
  return (
    <section>
      <h2>
        {counted(block.readings, 'reading')}
        {others > 0 && ` and ${counted(others, 'registry entry').replace('entrys', 'entries')}`}
      </h2>
      <Awaited answer={leaves} missing="No published checkpoint covers this block yet.">
        {(shown) => <LeafList leaves={shown} />}
      </Awaited>
      <p class="pager">
        {start > block.first_leaf && (
          <button type="button" onClick={() => setStart(Math.max(block.first_leaf, start - PAGE_LEAVES))}>
            ← Leaves before
          </button>
        )}
        {end < block.log_size && (
          <button type="button" onClick={() => setStart(end)}>
            Next leaves →
          </button>
        )}
      </p>
    </section>
  );
}

/** Of the header that these numbers make; undefined where they make none. */
function hashOf(block: BlockAnswer, laneHex: string): string | undefined {
  const previousHash = hashFromHex(block.previous_hash);
  const logRoot = hashFromHex(block.log_root);
  const lane = fromHex(laneHex);
  if (!previousHash || !logRoot || !lane || !/^\d+$/.test(block.nonce)) return undefined;
  const header = encodeHeader({
    index: block.block_index,
    previousHash,
    timestampUs: block.sealed_at,
    lane,
    logRoot,
    logSize: block.log_size,
    difficultyBits: block.difficulty * BITS_PER_DIFFICULTY,
    nonce: BigInt(block.nonce),
  });
  return toHex(headerHash(header));
}
