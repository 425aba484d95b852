// What a command is, and the arguments as it reads them. Which commands there are: commands.ts; how one is chosen: cli.ts.

import type { Readable, Writable } from 'node:stream';
import { CliError, type ExitCode } from './cli-error.ts';
import type { CliConfig } from './config.ts';

/** An option of a command. With `value` it takes one, shown in the help by that word; without, it is a switch. */
interface Option {
  readonly value?: string;
  readonly isRepeatable?: boolean;
  readonly help: string;
}

/** The world of a command: everything that it reads, writes or waits for. */
export interface Context {
  readonly config: CliConfig;
  readonly stdin: Readable;
  /** Results. */
  readonly stdout: Writable;
  /** Progress and errors; `isTerminal` says whether a person watches it. */
  readonly stderr: Writable & { readonly isTerminal: boolean };
  /** Aborts when the user ends the program. */
  readonly signal: AbortSignal;
  readonly nowUs: () => number;
}

export interface Command {
  /** What follows the name, as the help shows it. */
  readonly usage: string;
  /** What a person needs to know besides the options. */
  readonly details?: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly positionals: { readonly min: number; readonly max: number };
  run(given: Given, context: Context): Promise<ExitCode>;
}

type OptionValue = string | boolean | (string | boolean)[] | undefined;

/** The arguments that the user gave. */
export class Given {
  private readonly values: Readonly<Record<string, OptionValue>>;
  private readonly positionals: readonly string[];

  constructor(values: Readonly<Record<string, OptionValue>>, positionals: readonly string[]) {
    this.values = values;
    this.positionals = positionals;
  }

  /** The positional argument at a place, from 0. */
  at(place: number): string | undefined {
    return this.positionals[place];
  }

  /** The positional argument at a place that the command's `positionals.min` makes certain. */
  required(place: number): string {
    const value = this.positionals[place];
    if (value === undefined) throw new CliError('usage', 'an argument is missing');
    return value;
  }

  text(name: string): string | undefined {
    const value = this.values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** Throws CliError `usage` when the option is missing. */
  requiredText(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === '') throw new CliError('usage', `--${name} is missing`);
    return value;
  }

  list(name: string): string[] {
    const value = this.values[name];
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  }

  has(name: string): boolean {
    return this.values[name] === true;
  }

  /** A whole number of at least `min`. Throws CliError `usage` for any other text. */
  integer(name: string, range: { min: number; max: number }): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= range.min && value <= range.max) return value;
    throw new CliError('usage', `--${name} is a whole number from ${range.min} to ${range.max}`);
  }
}

/** `--json`, the same in every command that has a result. */
export const JSON_OPTION = { json: { help: 'Write the result as one JSON object.' } } as const;

/** Writes a result: as JSON where the user asked for it, else as text. */
export function writeResult(context: Context, given: Given, result: { text: string; json: object }): void {
  context.stdout.write(given.has('json') ? `${JSON.stringify(result.json)}\n` : result.text);
}
