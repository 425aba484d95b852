// Completeness: what the sequence numbers of each device's readings say about the ones that are missing. Pure and streaming: it holds
// ranges, never single numbers. A gap is no proof of a loss: only the device knows whether it ever used the number. Source: format.md "Kind 1".

/** Numbers [start, end). */
export interface SeqRange {
  readonly start: number;
  readonly end: number;
}

/** All that a DeviceSequence knows, as plain JSON, to be stored and read again with `DeviceSequence.from`. */
export interface DeviceSequenceState {
  /** Readings of every sort. */
  readonly readings: number;
  /** Readings without a sequence number. */
  readonly withoutSeq: number;
  /** Readings whose number another reading of the device has: two messages, one number. */
  readonly duplicates: number;
  /** The numbers seen, as ranges in order that do not touch. */
  readonly seen: readonly SeqRange[];
  /** Missing numbers inside the first range, whose places were given up (MAX_RANGES). */
  readonly missingUnplaced: number;
  readonly firstReceivedAtUs?: number;
  readonly lastReceivedAtUs?: number;
}

/**
 * Ranges kept for one device: 16 bytes each and a few microseconds to insert. It bounds what a device that skips every second number
 * costs; an honest one has a handful. A guess.
 */
const MAX_RANGES = 4096;

/** The sequence of one device. Readings come in the order of the log; their numbers may come in any order. */
export class DeviceSequence {
  private readings = 0;
  private withoutSeq = 0;
  private duplicates = 0;
  private missingUnplaced = 0;
  private firstReceivedAtUs: number | undefined;
  private lastReceivedAtUs: number | undefined;
  private readonly ranges: { start: number; end: number }[] = [];

  /** Goes on from a stored state. */
  static from(state: DeviceSequenceState): DeviceSequence {
    const sequence = new DeviceSequence();
    sequence.readings = state.readings;
    sequence.withoutSeq = state.withoutSeq;
    sequence.duplicates = state.duplicates;
    sequence.missingUnplaced = state.missingUnplaced;
    sequence.firstReceivedAtUs = state.firstReceivedAtUs;
    sequence.lastReceivedAtUs = state.lastReceivedAtUs;
    for (const { start, end } of state.seen) sequence.ranges.push({ start, end });
    return sequence;
  }

  /**
   * Takes the next message of the device. `seq` absent: it has none. `seqs`, of a list: each counts as a reading of its own, and a list with one
   * number or none counts once.
   */
  take(reading: { seq?: number | undefined; seqs?: readonly number[] | undefined; receivedAtUs: number }): void {
    this.firstReceivedAtUs ??= reading.receivedAtUs;
    this.lastReceivedAtUs = reading.receivedAtUs;
    if (reading.seqs === undefined) this.takeOne(reading.seq);
    else for (const seq of reading.seqs) this.takeOne(seq);
  }

  state(): DeviceSequenceState {
    const { readings, withoutSeq, duplicates, missingUnplaced, firstReceivedAtUs, lastReceivedAtUs } = this;
    return {
      readings,
      withoutSeq,
      duplicates,
      seen: this.ranges.map(({ start, end }) => ({ start, end })),
      missingUnplaced,
      ...(firstReceivedAtUs !== undefined && { firstReceivedAtUs }),
      ...(lastReceivedAtUs !== undefined && { lastReceivedAtUs }),
    };
  }

  /** The lowest number seen. Numbers below it are not called missing: a device may begin anywhere. */
  get firstSeq(): number | undefined {
    return this.ranges[0]?.start;
  }

  /** The highest number seen. */
  get lastSeq(): number | undefined {
    const last = this.ranges.at(-1);
    return last && last.end - 1;
  }

  /** The ranges between the first and the last number in which none was seen, in order. */
  gaps(): SeqRange[] {
    return this.ranges.slice(1).map((range, i) => ({ start: this.ranges[i]?.end ?? 0, end: range.start }));
  }

  /** How many numbers between the first and the last were not seen. */
  missing(): number {
    return this.gaps().reduce((count, gap) => count + gap.end - gap.start, this.missingUnplaced);
  }

  private takeOne(seq: number | undefined): void {
    this.readings++;
    if (seq === undefined) this.withoutSeq++;
    else this.see(seq);
  }

  private see(seq: number): void {
    const at = this.firstEndingAfter(seq);
    const next = this.ranges[at];
    if (next && next.start <= seq) {
      this.duplicates++;
      return;
    }
    const before = this.ranges[at - 1];
    const touchesNext = next?.start === seq + 1;
    if (before?.end === seq) {
      before.end = touchesNext ? next.end : seq + 1;
      if (touchesNext) this.ranges.splice(at, 1);
    } else if (touchesNext) {
      next.start = seq;
    } else {
      this.ranges.splice(at, 0, { start: seq, end: seq + 1 });
      if (this.ranges.length > MAX_RANGES) this.giveUpFirstGap();
    }
  }

  /** Position of the first range that ends after `seq`; as a rule the numbers grow, so the end is looked at first. */
  private firstEndingAfter(seq: number): number {
    const { ranges } = this;
    let low = 0;
    let high = ranges.length;
    if ((ranges.at(-1)?.end ?? 0) <= seq) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ranges[middle]?.end ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Counts the oldest gap and forgets its place: a number that comes to fill it later counts as a duplicate. */
  private giveUpFirstGap(): void {
    const [first, second] = this.ranges;
    if (!first || !second) return;
    this.missingUnplaced += second.start - first.end;
    first.end = second.end;
    this.ranges.splice(1, 1);
  }
}

/** The sequences of every device of a ledger, by the device's name. */
export class SequenceAccount {
  private readonly sequences = new Map<string, DeviceSequence>();

  /** Goes on from a stored state. */
  static from(state: { readonly [device: string]: DeviceSequenceState }): SequenceAccount {
    const account = new SequenceAccount();
    for (const [device, sequence] of Object.entries(state)) {
      account.sequences.set(device, DeviceSequence.from(sequence));
    }
    return account;
  }

  /** Takes the next reading of the log, as `DeviceSequence.take`. */
  take(reading: {
    device: string;
    seq?: number | undefined;
    seqs?: readonly number[] | undefined;
    receivedAtUs: number;
  }): void {
    const sequence = this.sequences.get(reading.device) ?? new DeviceSequence();
    this.sequences.set(reading.device, sequence);
    sequence.take(reading);
  }

  /** The sequence of one device, or undefined when it never spoke. */
  device(name: string): DeviceSequence | undefined {
    return this.sequences.get(name);
  }

  /** Every device with its sequence, in the order of their first readings. */
  devices(): Iterable<[string, DeviceSequence]> {
    return this.sequences.entries();
  }

  /** All devices as plain JSON. */
  state(): { [device: string]: DeviceSequenceState } {
    // fromEntries defines own members, so that a device may be called "__proto__".
    return Object.fromEntries([...this.sequences].map(([device, sequence]) => [device, sequence.state()]));
  }
}
