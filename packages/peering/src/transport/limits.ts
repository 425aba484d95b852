// Every bound of the transport, in one place. None of them depends on what a peer says.

const MIB = 1024 * 1024;

/** What the transport allows. Times in milliseconds, sizes in bytes. */
export interface TransportLimits {
  /** How long a request may take, from the call to its answer, when its sender names no other limit. */
  readonly requestMs: number;
  /** From the socket's beginning to both proofs. */
  readonly helloMs: number;
  /** Between two pings. */
  readonly pingMs: number;
  /** Pings in a row with no sign of life after which a peer is down. */
  readonly missedPings: number;
  /** Bytes beside one message. */
  readonly messageBytes: number;
  /** Bytes beside messages that all peers together may have here unfinished or being handled. */
  readonly allMessageBytes: number;
  /** How long bytes beside a message may make no progress. */
  readonly stalledBytesMs: number;
  readonly framesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Requests of one peer that are being handled, their answers not sent yet. */
  readonly handledPerPeer: number;
  /** Requests of ours to one peer that wait for a connection or an answer. */
  readonly pendingPerPeer: number;
  /** Sockets that came in and have not said hello: in all, and of one address. */
  readonly socketsBeforeHello: number;
  readonly socketsBeforeHelloPerAddress: number;
  /** Sockets of nodes that wait to be admitted, and how long one may wait. */
  readonly candidates: number;
  readonly candidateMs: number;
  /** Frames that cannot be read, after which a socket is closed. */
  readonly malformedFrames: number;
  /** Buffered for one socket: below `low` chunks flow, at `high` everything waits, at `most` the socket is ended. */
  readonly bufferedLowBytes: number;
  readonly bufferedHighBytes: number;
  readonly bufferedMostBytes: number;
  /** Waits between two dials to a peer: the first, and the greatest. */
  readonly backOffMs: number;
  readonly backOffMostMs: number;
  /** How long a connection must last for the waits to begin anew at the first. */
  readonly stableMs: number;
  /** How long a socket that is being replaced, or `close()`, may wait for what is under way. */
  readonly drainMs: number;
}

/** The limits of a receiver. */
export const DEFAULT_LIMITS: TransportLimits = {
  // peering.md section 2.4, rule (d): queries 2 s, three missed pings of 1 s.
  requestMs: 2_000,
  pingMs: 1_000,
  missedPings: 3,
  // A guess: two round trips and two signatures, on a machine that is busy.
  helloMs: 5_000,
  // A block's body has up to TRANSACTIONS_PER_BLOCK x 65,535 bytes: 64 MiB are 1,024 transactions of the greatest size, or 100,000 (the
  // most that TRANSACTIONS_PER_BLOCK takes) of 671 bytes. More must be cut by whoever sends it.
  messageBytes: 64 * MIB,
  // Two of the greatest messages at once. Joining the chunks of one doubles that one for a moment: at most 192 MiB in all.
  allMessageBytes: 128 * MIB,
  // A guess: a chunk of 256 KiB in 10 s is 26 kB/s, slower than which no ring is.
  stalledBytesMs: 10_000,
  // Guesses. A Chord node of 100 sends some ten frames a second; 32 MiB/s is a 256 Mbit/s link. A peer over it is slowed, not cut.
  framesPerSecond: 2_000,
  bytesPerSecond: 32 * MIB,
  handledPerPeer: 32,
  pendingPerPeer: 256,
  // A ring has up to 100 nodes; a container network may show several of them under one address.
  socketsBeforeHello: 64,
  socketsBeforeHelloPerAddress: 16,
  // Guesses: trial rings are small, and joining is one request.
  candidates: 16,
  candidateMs: 30_000,
  // A guess: a node of another version is told apart from a broken one by three tries.
  malformedFrames: 3,
  // One chunk is 256 KiB: four of them keep a link busy between two wake-ups, and pings wait behind no more than that.
  bufferedLowBytes: 1 * MIB,
  bufferedHighBytes: 4 * MIB,
  bufferedMostBytes: 8 * MIB,
  backOffMs: 100,
  // A node that is back is found after at most this; its own first dial finds us earlier.
  backOffMostMs: 5_000,
  stableMs: 10_000,
  drainMs: 5_000,
};
