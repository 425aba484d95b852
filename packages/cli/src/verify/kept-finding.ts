// What one kept file shows against a log, or does not show.

/**
 * `contradiction`: the ledger signed two things that cannot both be true. `worthless`: the file proves nothing, for or against the ledger.
 * `open`: the export neither keeps nor breaks the promise.
 */
export interface KeptFinding {
  readonly kind: 'contradiction' | 'worthless' | 'open';
  readonly code: string;
  /** The file or files that it is about. */
  readonly name: string;
  readonly message: string;
}

export function contradiction(code: string, name: string, message: string): KeptFinding {
  return { kind: 'contradiction', code, name, message };
}

/** What the ledger's key did not sign as it stands. `why`: what is wrong with it. */
export function unsigned(what: { name: string; code: string; why: string }): KeptFinding {
  const { name, code, why } = what;
  const message = `this ledger’s key did not sign it as it stands, so it proves nothing, for or against the ledger: ${why}`;
  return { kind: 'worthless', code, name, message };
}
