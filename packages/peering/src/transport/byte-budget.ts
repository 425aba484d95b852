// How many bytes beside messages all peers together may have here. Bytes count from when they came, not from when they were announced:
// whoever only announces takes nothing from the others.

/** A share of the budget: grows as bytes come, is given back once. */
export interface ByteShare {
  /** False: the budget has no more; the share stays as it was. */
  readonly grow: (bytes: number) => boolean;
  /** Gives everything back. Again: nothing. */
  readonly release: () => void;
}

/** The budget of one transport. */
export class ByteBudget {
  private readonly limitBytes: number;
  private used = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.used;
  }

  share(): ByteShare {
    let held = 0;
    return {
      grow: (bytes) => {
        if (this.used + bytes > this.limitBytes) return false;
        this.used += bytes;
        held += bytes;
        return true;
      },
      release: () => {
        this.used -= held;
        held = 0;
      },
    };
  }
}
