// `npm run bench [-- <name> …] [--json]`: runs the benches, all of them or those named, and keeps what they gave in RESULTS.md. npm's script
// gives this process so much heap that it is not collected while it measures latencies: its own pauses would count as the receiver's.

import { parseArgs } from 'node:util';
import { getChain } from './get-chain.ts';
import { growth } from './growth.ts';
import { ingest } from './ingest.ts';
import { latency } from './latency.ts';
import { describeMachine } from './machine.ts';
import { mining } from './mining.ts';
import { keepRows, rowText } from './results.ts';
import { ring } from './ring.ts';
import type { Bench } from './row.ts';
import { senml } from './senml.ts';
import { storage } from './storage.ts';
import { verification } from './verification.ts';

const BENCHES: Readonly<Record<string, Bench>> = {
  mining,
  ingest,
  senml,
  latency,
  growth,
  'get-chain': getChain,
  storage,
  verification,
  ring,
};

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' } } });
const unknown = positionals.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`no such bench: ${unknown.join(', ')}. There are ${Object.keys(BENCHES).join(', ')}.`);
  process.exit(2);
}

const machine = describeMachine();
// Where the table is asked for as JSON, nothing else stands on the standard output.
const say = (text: string) => (values.json ? console.error(text) : console.log(text));
const all: Record<string, unknown> = {};
say(machine);
for (const [bench, run] of Object.entries(BENCHES)) {
  if (positionals.length > 0 && !positionals.includes(bench)) continue;
  say(`\n${bench}`);
  const rows = await run((text) => say(`  … ${text}`));
  for (const row of rows) say(`  ${rowText(row)}`);
  keepRows({ bench, at: new Date().toISOString(), machine, rows });
  all[bench] = rows;
}
if (values.json) console.log(JSON.stringify({ machine, benches: all }, null, 2));
