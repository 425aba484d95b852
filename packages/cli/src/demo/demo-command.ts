// `telltale demo`: the idea in a terminal, without a receiver. What is shown is made in demo-story.ts.

import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CliError, EXIT } from '../cli-error.ts';
import type { Command, Context } from '../command.ts';
import { reasonOf } from '../read-file.ts';
import { type DemoFiles, tellStory } from './demo-story.ts';

export const demoCommand: Command = {
  usage: '[--pause] [--output <folder>]',
  details: `Signs readings, seals them in mined blocks, alters them, and lets the verifier say what it finds; all in memory and all real. With
--output you can ask the verifier yourself, for example:
  telltale verify <folder>/rewritten.jsonl --receipt <folder>/receipt.json --key "$(cat <folder>/ledger-key.txt)"`,
  options: {
    pause: { help: 'Wait for Enter after each step, where the input is a terminal.' },
    output: {
      value: 'folder',
      help: 'Keep the three exports, the receipt and the ledger’s public key in this new folder.',
    },
  },
  positionals: { min: 0, max: 0 },
  async run(given, context) {
    const isPausing = given.has('pause') && 'isTTY' in context.stdin && context.stdin.isTTY === true;
    const output = given.text('output');
    const story = tellStory(context.nowUs());
    for (let number = 1; ; number++) {
      const next = await story.next();
      if (next.done) {
        if (output !== undefined) await keep(output, next.value);
        context.stdout.write(
          'The signature shows who measured it, the chain in which order; what you keep shows that it stayed.\n',
        );
        return EXIT.sound;
      }
      const { done, outcome } = next.value;
      context.stdout.write(`${String(number).padStart(2)}  ${done}\n    ${outcome}\n`);
      if (isPausing) await untilEnter(context);
    }
  },
};

/** Throws CliError `usage` when the user ends the program. */
async function untilEnter({ stdin, signal }: Context): Promise<void> {
  const lines = createInterface({ input: stdin });
  const ended = new AbortController();
  try {
    // The end of the input is as good as Enter.
    const either = { signal: AbortSignal.any([signal, ended.signal]) };
    const events = [once(lines, 'line', either), once(lines, 'close', either)];
    for (const event of events) event.catch(() => undefined);
    await Promise.race(events);
  } catch (cause) {
    throw new CliError('usage', 'ended before the end of the demonstration', { cause });
  } finally {
    ended.abort();
    lines.close();
  }
}

/** Nothing of value: a crash leaves some of the files, and the next run wants another folder. Throws CliError `file`. */
async function keep(folder: string, files: DemoFiles): Promise<void> {
  try {
    await mkdir(folder);
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  } catch (cause) {
    throw new CliError('file', `${folder} cannot be made (${reasonOf(cause)}): name a folder that is not there yet`, {
      cause,
    });
  }
}
