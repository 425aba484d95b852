// An amount of which many may hold parts at one time: bytes of bodies, places of streams. What does not fit is refused, never queued.

import { ReceiverError } from '../errors.ts';

export class Budget {
  private free: number;
  private readonly refusal: string;

  /** `refusal` is what a caller hears when too little is free: 503 with Retry-After. */
  constructor(options: { amount: number; refusal: string }) {
    this.free = options.amount;
    this.refusal = options.refusal;
  }

  /** Takes a part, and gives the function that gives it back: once, however often it is called. Throws ReceiverError `overloaded`. */
  take(amount: number): () => void {
    if (amount > this.free) throw new ReceiverError('overloaded', this.refusal);
    this.free -= amount;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.free += amount;
    };
  }
}
