// What peering shows at /metrics: peering.md section 5.6, as far as it belongs to the ring. Read when somebody asks; no label holds a node, so the
// peers' figures are the worst and the sum.

import { Counter, Gauge, type Registry } from '@platformatic/prom-client';
import type { LaneCounts } from '../lane/lane-writer.ts';
import { countsOf, type RingCounts } from '../node/ring-counts.ts';
import { REFUSALS, Tally } from '../transport/counters.ts';

export interface RingMetricsSources {
  /** Undefined while this receiver is not the ring's node of its database. */
  readonly counts: () => RingCounts | undefined;
  readonly laneCounts: () => LaneCounts;
  readonly blocksBehind: () => number;
}

const PREFIX = 'telltale_peering_';
const MODES = ['forming', 'joining', 'member', 'isolated', 'leaving'] as const;

/** What is there now. */
const GAUGES: readonly [name: string, help: string, read: (counts: RingCounts) => number][] = [
  ['chord_isolated', '1 while this node has lost all its successors.', ({ mode }) => (mode === 'isolated' ? 1 : 0)],
  ['chord_ring_members_seen', 'This node and those that it has pointers to.', ({ membersSeen }) => membersSeen],
  ['chord_fingers', 'Distinct fingers.', ({ fingers }) => fingers],
  [
    'dht_under_replicated_keys',
    'Items that this node owns and fewer than k nodes keep, as far as it knows.',
    ({ underReplicated }) => underReplicated,
  ],
  [
    'peer_rtt_seconds',
    'The longest of the last round trips to connected peers; 0 without any.',
    ({ transport }) => Math.max(0, ...transport.peers.map(({ roundTripMs }) => roundTripMs ?? 0)) / 1_000,
  ],
  [
    'ws_buffered_bytes',
    'Waiting to be sent to peers, all together.',
    ({ transport }) => transport.peers.reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0),
  ],
  ['ws_sockets', 'Open sockets to peers.', ({ transport }) => transport.socketsNow],
  [
    'ws_message_bytes',
    'Bytes beside messages that are unfinished or being handled.',
    (c) => c.transport.messageBytesNow,
  ],
];

/** What only grows while the node runs. */
const COUNTERS: readonly [name: string, help: string, read: (counts: RingCounts) => number | undefined][] = [
  ['chord_lookups_total', 'Lookups that ended.', ({ chord }) => chord?.lookups],
  [
    'chord_lookup_hops_total',
    'Nodes asked by lookups: divided by lookups, the mean.',
    ({ chord }) => chord?.lookupHops,
  ],
  ['chord_lookup_failures_total', 'Lookups that found no owner.', ({ chord }) => chord?.lookupFailures],
  [
    'chord_rejected_hops_total',
    'Answers to lookups that led astray, not followed.',
    ({ chord }) => chord?.rejectedHops,
  ],
  ['chord_stabilize_changes_total', 'Changes of predecessor, successors or mode.', ({ chord }) => chord?.ringChanges],
  ['chord_suspicions_total', 'Times that a node was taken for dead.', ({ chord }) => chord?.suspicions],
  ['chord_isolations_total', 'Times that all successors were lost.', ({ chord }) => chord?.isolations],
  ['dht_repair_bytes_total', 'Sent or fetched by repair and handover.', ({ replication }) => replication?.repairBytes],
  ['dht_repaired_items_total', 'Items that repair moved.', ({ replication }) => replication?.repairedItems],
  [
    'dht_lies_total',
    'Wrong bytes, forged records and false receipts of peers.',
    ({ replication }) => replication?.lies,
  ],
  [
    'dht_equivocations_total',
    'Owners that said two things of one block.',
    ({ replication }) => replication?.equivocations,
  ],
  [
    'dht_store_failures_total',
    'Requests that the database did not answer.',
    ({ replication }) => replication?.storeFailures,
  ],
  ['ws_received_bytes_total', 'Received from peers.', ({ transport }) => transport.bytesReceived],
  ['ws_sent_bytes_total', 'Sent to peers.', ({ transport }) => transport.bytesSent],
  ['ws_dials_failed_total', 'Connections to peers that did not come about.', ({ transport }) => transport.dialsFailed],
  ['peers_down_total', 'Times that a connected peer went down.', ({ transport }) => transport.peersDown],
  ['wrong_tokens_total', 'Joins refused by this boot node for a wrong token.', ({ wrongTokens }) => wrongTokens],
  ['faults_total', 'Steps of this node’s own code that threw; each has a line in the log.', ({ faults }) => faults],
];

/** Registers everything with `registry`. */
export function registerRingMetrics(registry: Registry, sources: RingMetricsSources): void {
  const { counts, laneCounts, blocksBehind } = sources;
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  const counter = (name: string, help: string, read: () => number | undefined): void => {
    new Counter({
      name: `${PREFIX}${name}`,
      help,
      registers: [registry],
      collect() {
        // A node that starts anew counts from 0 again, as a process does.
        this.reset();
        this.inc(read() ?? 0);
      },
    });
  };
  for (const [name, help, read] of GAUGES) gauge(name, help, () => read(counts() ?? NONE));
  for (const [name, help, read] of COUNTERS) counter(name, help, () => read(counts() ?? NONE));
  gauge('lane_blocks_behind', 'Sealed blocks that are not known to be on a majority of their replicas.', blocksBehind);
  counter('lane_failed_puts_total', 'Puts of blocks that failed and were tried again.', () => laneCounts().failedPuts);
  counter('lane_skipped_blocks_total', 'Blocks too long for the ring.', () => laneCounts().skippedBlocks);
  counter(
    'lane_conflicts_total',
    'Blocks of which the ring has others at the same height.',
    () => laneCounts().conflicts,
  );
  labelled(registry, counts);
}

function labelled(registry: Registry, counts: RingMetricsSources['counts']): void {
  new Gauge({
    name: `${PREFIX}chord_mode`,
    help: '1 for the mode that this node is in; none while it is not the node of its database.',
    labelNames: ['mode'],
    registers: [registry],
    collect() {
      const now = counts()?.mode;
      for (const mode of MODES) this.set({ mode }, mode === now ? 1 : 0);
    },
  });
  new Counter({
    name: `${PREFIX}refused_total`,
    help: 'Frames, sockets and hellos that were refused, by reason.',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      const refused = counts()?.transport.refused;
      this.reset();
      for (const reason of REFUSALS) this.inc({ reason }, refused?.get(reason) ?? 0);
    },
  });
}

const NOTHING_NOW = { socketsBeforeHelloNow: 0, socketsNow: 0, messageBytesNow: 0, peers: [] };
const NONE = countsOf(undefined, { transport: { ...new Tally().totals(), ...NOTHING_NOW }, wrongTokens: 0 });
