// Every bound of the objects' routes and sockets, in one place.

const KIB = 1024;

export interface ObjectLimits {
  /** Longest object. */
  readonly objectBytes: number;
  /** Puts, and reads, that may be under way at once: more are told to come again. */
  readonly putsAtOnce: number;
  readonly readsAtOnce: number;
  /** Longest frame of a device. */
  readonly frameBytes: number;
  /** Frames of one device; a faster one is read more slowly. */
  readonly framesPerSecond: number;
  /** Sockets of one id, devices and viewers together, and of all ids. */
  readonly socketsPerId: number;
  readonly sockets: number;
  /** Bytes that wait for one viewer; a slower one is dropped. */
  readonly viewerBufferBytes: number;
  /** Ids whose last frame is kept for `status`; the one that was silent longest is forgotten. */
  readonly keptIds: number;
  /** Between two pings of a socket; one that has not answered the last is dropped. */
  readonly pingMs: number;
  /** How long `stop` waits for sockets to say goodbye. */
  readonly stopMs: number;
}

/** The limits of a receiver. */
export const OBJECT_LIMITS: ObjectLimits = {
  // Flowchain's objects are readings and blocks of some kB. A guess.
  objectBytes: 1024 * KIB,
  // A node runs 8 puts and 16 reads at once, of which a value may have 64 MiB, and lets further ones wait (node/ring-node.ts): some more than it runs.
  // A guess.
  putsAtOnce: 16,
  readsAtOnce: 16,
  // As long as a reading: a leaf has at most 65,535 bytes.
  frameBytes: 64 * KIB,
  // A guess: ten times what a sensor needs that is watched by eye.
  framesPerSecond: 100,
  socketsPerId: 64,
  sockets: 512,
  // Sixteen of the longest frames: with 512 viewers 512 MiB at the very most. A guess.
  viewerBufferBytes: 1024 * KIB,
  // 16 MiB of last frames at most.
  keptIds: 256,
  // Proxies close silent sockets after 60 s by default (nginx, proxy_read_timeout).
  pingMs: 30_000,
  // All plugins share 3 s for their stop.
  stopMs: 1_000,
};
