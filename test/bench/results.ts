// The results that are kept: RESULTS.json is what the benches gave, each in its newest run; RESULTS.md is the same for people.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { type BenchRow, verdictOf } from './row.ts';

const JSON_FILE = new URL('RESULTS.json', import.meta.url);
const TEXT_FILE = new URL('RESULTS.md', import.meta.url);

const row = z.object({
  what: z.string(),
  ratio: z.exactOptional(z.number()),
  atLeast: z.exactOptional(z.number()),
  atMost: z.exactOptional(z.number()),
  parts: z.record(z.string(), z.union([z.number(), z.string()])),
});
const result = z.object({ at: z.string(), machine: z.string(), rows: z.array(row) });
const results = z.record(z.string(), result);
type Results = z.infer<typeof results>;

/** Puts the rows of one bench in the place of its earlier ones. `at`: when it ran, ISO 8601. */
export function keepRows(run: { bench: string; at: string; machine: string; rows: readonly BenchRow[] }): void {
  const kept: Results = existsSync(JSON_FILE) ? results.parse(JSON.parse(readFileSync(JSON_FILE, 'utf8'))) : {};
  const { bench, at, machine, rows } = run;
  const all = results.parse({ ...kept, [bench]: { at, machine, rows } });
  writeFileSync(JSON_FILE, `${JSON.stringify(all, null, 2)}\n`);
  writeFileSync(TEXT_FILE, textOf(all));
}

/** One line a row, for a terminal. */
export function rowText(measured: BenchRow): string {
  const { what, ratio, parts } = measured;
  const figure = ratio === undefined ? '' : ` ${shown(ratio)}${targetText(measured)}: ${verdictOf(measured)}`;
  return `${what}:${figure}\n    ${partsText(parts)}`;
}

function textOf(all: Results): string {
  const sections = Object.entries(all).map(([bench, { at, machine, rows }]) =>
    [
      `## ${bench}`,
      '',
      `${at.slice(0, 10)}, ${machine}`,
      '',
      '| measured | ratio | to reach | | made of |',
      '|---|---|---|---|---|',
      ...rows.map(rowCells),
    ].join('\n'),
  );
  const head = [
    '# What Telltale reaches',
    '',
    'Written by `npm run bench`. Each figure is a ratio against a limit that was measured in the same run on the same machine; what it is',
    'made of stands beside it. A bench that ran alone replaces its own section only.',
  ].join('\n');
  return `${[head, ...sections].join('\n\n')}\n`;
}

function rowCells(measured: BenchRow): string {
  const { what, ratio, parts } = measured;
  const cells = [what, ratio === undefined ? '' : shown(ratio), targetText(measured).trim(), verdictOf(measured)];
  return `| ${[...cells, partsText(parts)].join(' | ')} |`;
}

function targetText({ atLeast, atMost }: BenchRow): string {
  if (atLeast !== undefined) return ` ≥ ${atLeast}`;
  return atMost === undefined ? '' : ` ≤ ${atMost}`;
}

function partsText(parts: BenchRow['parts']): string {
  return Object.entries(parts)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? shown(value) : value}`)
    .join('; ');
}

/** Three digits that count. */
function shown(value: number): string {
  if (value !== 0 && Math.abs(value) < 1000) return String(Number(value.toPrecision(3)));
  return Math.round(value).toLocaleString('en');
}
