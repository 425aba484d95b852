// What stops a command before it can say sound or not sound, and the exit codes of all commands.

/** Exit codes: a script can tell "it is wrong" from "I do not know". */
export const EXIT = { sound: 0, notSound: 1, couldNotCheck: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export type CliErrorCode =
  | 'usage'
  | 'file'
  | 'key-file'
  | 'trust'
  | 'unreachable'
  | 'refused'
  | 'ring-incomplete'
  | 'answer-malformed'
  | 'not-sealed'
  | 'state';

/** The command could not be done. `message`: one sentence for the person at the terminal, saying what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
