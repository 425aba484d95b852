// Chooses the command, reads its options, writes help and errors. Exit code: 0 sound or done, 1 not sound, 2 could not check or do it.

import { parseArgs } from 'node:util';
import { CliError, EXIT, type ExitCode } from './cli-error.ts';
import { type Command, type Context, Given } from './command.ts';
import { type CommandEntry, commands } from './commands.ts';

/** Runs the program with these arguments (without node and script). Never rejects. */
export async function runCli(args: readonly string[], context: Context): Promise<ExitCode> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    context.stdout.write(overview());
    return name === undefined ? EXIT.couldNotCheck : EXIT.sound;
  }
  const entry = commands.find((candidate) => candidate.name === name);
  if (!entry) return fail(context, new CliError('usage', `there is no command ${name}; telltale --help lists them`));
  // Asked for before the options are read, so that an error in them is told in the form that was asked for.
  const isJson = rest.includes('--json');
  try {
    const command = await entry.load();
    const given = read(name, command, rest);
    if (given === 'help') {
      context.stdout.write(helpOf(entry, command));
      return EXIT.sound;
    }
    return await command.run(given, context);
  } catch (error) {
    return fail(context, error, isJson);
  }
}

function read(name: string, command: Command, args: string[]): Given | 'help' {
  const entries = Object.entries(command.options).map(([option, { value, isRepeatable = false }]) => {
    const type: 'string' | 'boolean' = value === undefined ? 'boolean' : 'string';
    return [option, { type, multiple: isRepeatable }] as const;
  });
  const help = { type: 'boolean', short: 'h' } as const;
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args, options: { ...Object.fromEntries(entries), help }, allowPositionals: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('usage', `${why}; see telltale ${name} --help`, { cause });
  }
  const { values, positionals } = parsed;
  if (values['help'] === true) return 'help';
  const { min, max } = command.positionals;
  if (positionals.length < min || positionals.length > max) {
    throw new CliError('usage', `usage: telltale ${name} ${command.usage}`);
  }
  return new Given(values, positionals);
}

function fail(context: Context, error: unknown, isJson = false): ExitCode {
  const { code, message } =
    error instanceof CliError
      ? error
      : { code: 'internal', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  if (isJson) context.stdout.write(`${JSON.stringify({ verdict: 'could-not-check', code, message })}\n`);
  context.stderr.write(`telltale: ${message}\n`);
  return EXIT.couldNotCheck;
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `telltale: checks a Telltale ledger without trusting whoever runs it

usage: telltale <command> [options]

${lines.join('\n')}

telltale <command> --help says more.
Exit code: 0 sound or done, 1 not sound, 2 could not check or could not be done.
`;
}

function helpOf({ name, summary }: CommandEntry, command: Command): string {
  const options = Object.entries({ ...command.options, help: { help: 'Show this.' } }).map(([long, option]) => {
    const value = 'value' in option && option.value !== undefined ? ` <${option.value}>` : '';
    return { left: `--${long}${value}`, right: option.help };
  });
  const width = Math.max(...options.map(({ left }) => left.length));
  const lines = options.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`);
  const details = command.details === undefined ? '' : `\n${command.details}\n`;
  return `${summary}\n\nusage: telltale ${name} ${command.usage}\n${details}\n${lines.join('\n')}\n`;
}
