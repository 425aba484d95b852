// What the transport counts for metrics. Numbers only: who was refused stands in no label and no log line, as anyone can cause a refusal.

/** Why something from outside was refused. */
export const REFUSALS = [
  /** Not a frame, a chunk of nothing, or a kind that has no place here. */
  'malformed',
  'too-large',
  /** `from` is not who was authenticated. */
  'forged-from',
  /** An answer to what was never asked on this socket. */
  'unsolicited-answer',
  /** An answer to what was asked and has ended. */
  'late-answer',
  'unknown-key',
  'wrong-ring',
  'bad-signature',
  /** Another node than the one that was dialled, or this node itself. */
  'wrong-node',
  'hello-malformed',
  'hello-timeout',
  'too-many-sockets',
  'too-many-of-address',
  'too-many-candidates',
  'not-admitted',
  /** More requests at once, or more bytes of answers waiting, than one peer may have. */
  'busy',
  /** Bytes beside a message: more than one may have, more than all may have, or no progress. */
  'bytes-too-many',
  'bytes-over-budget',
  'bytes-stalled',
  /** The peer does not read what it asked for. */
  'not-reading',
] as const;
/** One of REFUSALS. */
export type Refusal = (typeof REFUSALS)[number];

/** One connection, as metrics show it. */
export interface PeerCounters {
  readonly id: string;
  /** Who dialled the socket that is used. */
  readonly dialedBy: string;
  /** Of the last ping that was answered, in milliseconds. */
  readonly roundTripMs: number | undefined;
  readonly bufferedBytes: number;
  readonly pendingRequests: number;
  readonly handledRequests: number;
}

/** Totals since the start. */
export interface TransportTotals {
  readonly framesReceived: number;
  readonly framesSent: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly dials: number;
  readonly dialsFailed: number;
  readonly peersDown: number;
  /** Times that a peer was over its rate and was not read for a while. */
  readonly slowed: number;
  readonly handlerFailures: number;
  readonly refused: ReadonlyMap<Refusal, number>;
}

/** A reading of the counters: totals, and what is there now. */
export interface TransportCounters extends TransportTotals {
  readonly socketsBeforeHelloNow: number;
  readonly socketsNow: number;
  /** Bytes beside messages that are unfinished or being handled. */
  readonly messageBytesNow: number;
  readonly peers: readonly PeerCounters[];
}

/** The totals, as the transport's parts add to them. */
export class Tally {
  framesReceived = 0;
  framesSent = 0;
  bytesReceived = 0;
  bytesSent = 0;
  dials = 0;
  dialsFailed = 0;
  peersDown = 0;
  slowed = 0;
  handlerFailures = 0;
  private readonly refused = new Map<Refusal, number>(REFUSALS.map((reason) => [reason, 0]));

  refuse(reason: Refusal): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
  }

  /** A copy that stays as it is. */
  totals(): TransportTotals {
    const { framesReceived, framesSent, bytesReceived, bytesSent, dials, dialsFailed, peersDown, slowed } = this;
    const sums = { framesReceived, framesSent, bytesReceived, bytesSent, dials, dialsFailed, peersDown, slowed };
    return { ...sums, handlerFailures: this.handlerFailures, refused: new Map(this.refused) };
  }
}
