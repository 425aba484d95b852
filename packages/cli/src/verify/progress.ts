// How far a verification is, on a terminal: leaves, rate and time left, on one line that is written over.

import type { Writable } from 'node:stream';

/** Between two lines: often enough to look alive, seldom enough to cost nothing. */
const INTERVAL_MS = 200;
/** Before this the rate is not worth telling. */
const WARM_UP_MS = 500;
/** Clears the line under the cursor and goes to its start (ECMA-48: EL, and a carriage return). */
const CLEAR_LINE = '\r\u001b[K';

export interface ProgressTotal {
  readonly kind: 'bytes' | 'leaves';
  readonly count: number;
}

export class Progress {
  private readonly output: Writable;
  private readonly total: ProgressTotal | undefined;
  private readonly nowMs: () => number;
  private readonly startedAtMs: number;
  private shownAtMs: number;
  private leaves = 0;
  private bytes = 0;

  constructor(at: { output: Writable; total: ProgressTotal | undefined; nowMs: () => number }) {
    this.output = at.output;
    this.total = at.total;
    this.nowMs = at.nowMs;
    this.startedAtMs = at.nowMs();
    this.shownAtMs = this.startedAtMs;
  }

  tookBytes(count: number): void {
    this.bytes += count;
  }

  tookLeaves(count: number): void {
    this.leaves += count;
    const nowMs = this.nowMs();
    if (nowMs - this.shownAtMs < INTERVAL_MS) return;
    this.shownAtMs = nowMs;
    this.output.write(`${CLEAR_LINE}${this.line(nowMs - this.startedAtMs)}`);
  }

  /** Leaves nothing of itself on the terminal. */
  end(): void {
    if (this.shownAtMs !== this.startedAtMs) this.output.write(CLEAR_LINE);
  }

  private line(elapsedMs: number): string {
    const perSecond = Math.round((this.leaves * 1000) / elapsedMs);
    const read = `${this.leaves.toLocaleString('en')} transactions, ${perSecond.toLocaleString('en')} a second`;
    const done = this.total && this.total.count > 0 ? this.doneOf(this.total) / this.total.count : 0;
    if (done <= 0 || elapsedMs < WARM_UP_MS) return read;
    const percent = Math.min(100, Math.floor(100 * done));
    return `${read}, ${percent} %, ${timeLeft((elapsedMs * Math.max(0, 1 - done)) / done)} left`;
  }

  private doneOf(total: ProgressTotal): number {
    return total.kind === 'bytes' ? this.bytes : this.leaves;
  }
}

function timeLeft(leftMs: number): string {
  const seconds = Math.ceil(leftMs / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
