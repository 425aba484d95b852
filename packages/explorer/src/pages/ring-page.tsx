// The receiver's place in the ring: its neighbours on the circle, and how far the ring keeps its blocks.

import { getRing, type RingAnswer } from '../api/ring.ts';
import { Awaited } from '../parts/awaited.tsx';
import { Facts } from '../parts/facts.tsx';
import { Hash } from '../parts/hash.tsx';
import { Page } from '../parts/page.tsx';
import { RingCircle } from '../parts/ring-circle.tsx';
import { useAnswer } from '../use-answer.ts';

export function RingPage({ newestBlock }: { newestBlock: number }) {
  const ring = useAnswer(getRing, { subject: 'ring', keys: [newestBlock] });
  return (
    <Page title="Ring">
      <Awaited answer={ring} missing="This receiver is in no ring.">
        {(known) => (
          <>
            <RingCircle ring={known} />
            <Facts
              facts={[
                { name: 'Mode', value: known.mode },
                { name: 'Address', value: known.address },
                { name: 'Node', value: <Hash hex={known.id} isWhole /> },
                { name: 'Ring', value: known.ring && describe(known.ring) },
                {
                  name: 'Blocks kept',
                  value:
                    known.lane.blocks_behind === 0
                      ? 'all of this ledger, on a majority of their replicas'
                      : `${known.lane.blocks_behind.toLocaleString()} not on a majority of their replicas yet`,
                },
                { name: 'Values with too few copies', value: known.under_replicated_keys.toLocaleString() },
                {
                  name: 'Conflicts',
                  value:
                    known.lane.conflicts === 0 ? (
                      'none'
                    ) : (
                      <span class="bad">
                        {known.lane.conflicts.toLocaleString()} blocks of which the ring has others
                      </span>
                    ),
                },
              ]}
            />
            <Nodes title="Successors" nodes={known.successors} />
            <Nodes title="Fingers" nodes={known.fingers} />
          </>
        )}
      </Awaited>
    </Page>
  );
}

function describe(ring: NonNullable<RingAnswer['ring']>): string {
  return `${ring.id}: ${ring.nodes} nodes, ${ring.replicas} copies of each value`;
}

function Nodes({ title, nodes }: { title: string; nodes: RingAnswer['successors'] }) {
  if (nodes.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ol class="rows">
        {nodes.map(({ id, address }) => (
          <li key={id}>
            <span class="row-name">{address}</span>
            <Hash hex={id} />
          </li>
        ))}
      </ol>
    </section>
  );
}
