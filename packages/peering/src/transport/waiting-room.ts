// Sockets that came in and have not said hello: how many there may be, in all and of one address. They cost the most for the least proof.

import type { Refusal } from './counters.ts';

/** The sockets before their hello. */
export class WaitingRoom {
  private readonly limits: { readonly socketsBeforeHello: number; readonly socketsBeforeHelloPerAddress: number };
  private readonly ofAddress = new Map<string, number>();
  private total = 0;

  constructor(limits: { readonly socketsBeforeHello: number; readonly socketsBeforeHelloPerAddress: number }) {
    this.limits = limits;
  }

  get size(): number {
    return this.total;
  }

  /** Why a socket of this address may not come in now. Undefined: it may, and `enter` is next. */
  refusalOf(address: string): Refusal | undefined {
    if (this.total >= this.limits.socketsBeforeHello) return 'too-many-sockets';
    const here = this.ofAddress.get(address) ?? 0;
    return here >= this.limits.socketsBeforeHelloPerAddress ? 'too-many-of-address' : undefined;
  }

  /** Takes a place; the result gives it back, once. */
  enter(address: string): () => void {
    this.total++;
    this.ofAddress.set(address, (this.ofAddress.get(address) ?? 0) + 1);
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      this.total--;
      const left = (this.ofAddress.get(address) ?? 1) - 1;
      if (left > 0) this.ofAddress.set(address, left);
      else this.ofAddress.delete(address);
    };
  }
}
