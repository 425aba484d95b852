// .env.example against the schemas that the services really read.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { peeringVariables } from '../../packages/peering/src/variables.ts';
import { parseConfig as parseReceiver, receiverVariables } from '../../services/receiver/src/config.ts';
import { parseConfig as parseSender, senderVariables } from '../../services/sender/src/config.ts';

/** Read by scripts/ and docker-compose.yml, not by a service. */
const OF_NO_SERVICE = [
  'RECEIVER_PORT',
  'SENDER_PORT',
  'RING_SENDER_PORT',
  ...[1, 2, 3, 4].map((n) => `RING_RECEIVER_PORT_${n}`),
  'BIND_ADDRESS',
  'POSTGRES_PASSWORD',
  'RECEIVER_DATABASE_URL',
];

const text = readFileSync(resolve(import.meta.dirname, '../../.env.example'), 'utf8');
const documented = new Map(
  [...text.matchAll(/^#([A-Z][A-Z_0-9]*)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
);

describe('.env.example', () => {
  it('documents every variable of both services and of peering, and no other', () => {
    const read = new Set([
      ...Object.keys(receiverVariables.shape),
      ...Object.keys(peeringVariables.shape),
      ...Object.keys(senderVariables.shape),
      ...OF_NO_SERVICE,
    ]);
    expect([...documented.keys()].filter((name) => !read.has(name))).toEqual([]);
    expect([...read].filter((name) => !documented.has(name))).toEqual([]);
  });

  it('says a word about each variable just above it', () => {
    const lines = text.split('\n');
    const bare = lines.filter(
      (line, i) => /^#[A-Z][A-Z_0-9]*=/.test(line) && !/^#( |[A-Z][A-Z_0-9]*=)/.test(lines[i - 1] ?? ''),
    );
    expect(bare).toEqual([]);
  });

  it('shows the real defaults', () => {
    const shown = Object.fromEntries([...documented].filter(([name]) => name !== 'DATABASE_URL'));
    expect(parseReceiver(shown)).toEqual(parseReceiver({}));
    expect(parseSender(shown)).toEqual(parseSender({}));
    const set = Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== ''));
    expect(peeringVariables.parse(set)).toEqual(peeringVariables.parse({}));
  });
});
