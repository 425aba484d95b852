// docker-compose.yml held against the variables that the services read. No container is started.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { receiverVariables } from '../../services/receiver/src/config.ts';
import { senderVariables } from '../../services/sender/src/config.ts';

/** What compose sets itself: it says where things are, and on a developer's machine they are elsewhere. */
const fixed = ['HOST', 'PORT', 'DATA_DIR', 'DATABASE_URL', 'RECEIVER_URL'];
/** Paths on the machine that runs a service without containers; in its container the key is on the volume. */
const notTaken = ['KEY_FILE', 'LEDGER_KEY_FILE', 'WITNESS_KEY_FILE'];

const file = readFileSync(resolve(import.meta.dirname, '../../docker-compose.yml'), 'utf8');

/** Name and value of each variable below `environment:` of a service. */
function environmentOf(service: string): Map<string, string> {
  const [, section = ''] = new RegExp(`\\n  ${service}:\\n([^]*?)\\n\\n`).exec(file) ?? [];
  return new Map([...section.matchAll(/^ {6}([A-Z_]+): (.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
}

describe.each([
  { service: 'receiver', variables: Object.keys(receiverVariables.shape) },
  { service: 'sender', variables: Object.keys(senderVariables.shape) },
])('docker-compose.yml for the $service', ({ service, variables }) => {
  it('hands on every variable of the service, with the default of the service', () => {
    const environment = environmentOf(service);
    for (const name of variables.filter((variable) => !fixed.includes(variable) && !notTaken.includes(variable))) {
      expect(environment.get(name), name).toBe(`\${${name}:-}`);
    }
  });

  it('says itself where things are in the container', () => {
    const environment = environmentOf(service);
    for (const name of fixed.filter((variable) => variables.includes(variable))) {
      expect(environment.get(name), name).toBeDefined();
      expect(environment.get(name), name).not.toContain(`\${${name}`);
    }
    for (const name of notTaken) expect(environment.has(name), name).toBe(false);
  });
});
