// Bytes of blocks in answers that are still on their way out. Whoever reads slowly holds a whole body here, and anybody may ask for one, so how
// many there are is bounded. What does not fit is refused, never queued.

import type { ServerResponse } from 'node:http';

/** Four of the longest bodies. A guess: what a receiver can spare for readers that stand still. */
export const MOST_ANSWER_BYTES = 256 * 2 ** 20;

export class AnswerBytes {
  private readonly mostBytes: number;
  private heldBytes = 0;

  constructor(mostBytes: number) {
    this.mostBytes = mostBytes;
  }

  /** Holds so many until the answer is over, whatever its end; false: there is no room now. */
  hold(sizeBytes: number, answer: ServerResponse): boolean {
    // Whoever asked has gone: 'close' has been, and nothing waits.
    if (answer.closed) return true;
    if (this.heldBytes + sizeBytes > this.mostBytes) return false;
    this.heldBytes += sizeBytes;
    answer.once('close', () => {
      this.heldBytes -= sizeBytes;
    });
    return true;
  }
}
