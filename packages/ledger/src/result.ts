// What reading hostile input gives: a value, or a literal code and a sentence for a person. Broken invariants throw instead.

/** Why an input is not accepted. */
export interface Refusal<Code extends string = string> {
  readonly ok: false;
  /** Stable, for programs. */
  readonly code: Code;
  /** For people: what is wrong, without a trailing full stop. */
  readonly message: string;
}

/** A value, or why there is none. */
export type Result<Value, Code extends string = string> = { readonly ok: true; readonly value: Value } | Refusal<Code>;

/** The accepted form of a Result. */
export function accept<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

/** The refused form of a Result. */
export function refuse<Code extends string>(code: Code, message: string): Refusal<Code> {
  return { ok: false, code, message };
}
