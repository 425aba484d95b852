// docker-compose.yml held against the variables that the services read. No container is started.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { peeringVariables } from '../../packages/peering/src/variables.ts';
import { receiverVariables } from '../../services/receiver/src/config.ts';
import { senderVariables } from '../../services/sender/src/config.ts';

/** What compose sets itself: it says where things are, and on a developer's machine they are elsewhere. */
const fixed = ['HOST', 'PORT', 'DATA_DIR', 'DATABASE_URL', 'RECEIVER_URL'];
/** Paths on the machine that runs a service without containers; in its container the key is on the volume. */
const notTaken = ['KEY_FILE', 'LEDGER_KEY_FILE', 'WITNESS_KEY_FILE', 'NODE_KEY_FILE', 'MQTT_CA_FILE'];

const file = readFileSync(resolve(import.meta.dirname, '../../docker-compose.yml'), 'utf8');

/** The lines of a service. */
function sectionOf(service: string): string {
  const [, section = ''] = new RegExp(`\\n  ${service}:(?: &\\S+)?\\n([^]*?)\\n\\n`).exec(file) ?? [];
  return section;
}

/** Name and value of each variable below `environment:` of a service. What it takes over from another service is not among them. */
function environmentOf(service: string): Map<string, string> {
  const matches = sectionOf(service).matchAll(/^ {6}([A-Z_]+): (.*)$/gm);
  return new Map([...matches].map(([, name = '', value = '']) => [name, value]));
}

describe.each([
  { service: 'receiver', variables: Object.keys({ ...receiverVariables.shape, ...peeringVariables.shape }) },
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

describe('the ring in docker-compose.yml', () => {
  const numbers = [1, 2, 3, 4];
  const [, services = ''] = /\nservices:\n([\s\S]*?)\nnetworks:\n/.exec(file) ?? [];
  const names = [...services.matchAll(/^ {2}([a-z0-9-]+):/gm)].map(([, name = '']) => name);

  it('is four receivers with a database each and one sender, all of them in the profile, and nothing else is', () => {
    const parts = ['postgres', 'receiver'].flatMap((kind) => numbers.map((n) => `ring-${kind}-${n}`));
    const ring = [...parts, 'ring-sender'];
    expect(names).toEqual(['postgres', 'receiver', 'sender', ...ring]);
    const isInProfile = (name: string) => sectionOf(name).includes('    profiles: [ring]\n');
    expect(names.filter(isInProfile)).toEqual(ring);
  });

  it.each(numbers)('gives receiver %i a database, a volume, a port and an address of its own', (n) => {
    const section = sectionOf(`ring-receiver-${n}`);
    expect(section).toMatch(new RegExp(`depends_on:\n {6}ring-postgres-${n}:\n {8}condition: service_healthy\n`));
    expect(section).toMatch(
      new RegExp(`ports:\n {6}- '127\\.0\\.0\\.1:\\$\\{RING_RECEIVER_PORT_${n}:-510${n}\\}:5001'\n`),
    );
    expect(section).toMatch(new RegExp(`volumes:\n {6}- ring-receiver-${n}:/data$`));
    expect(sectionOf(`ring-postgres-${n}`)).toMatch(new RegExp(`volumes:\n {6}- ring-postgres-${n}:/var/lib/`));
    const environment = environmentOf(`ring-receiver-${n}`);
    expect(environment.get('DATABASE_URL')).toBe(`postgresql://telltale@ring-postgres-${n}:5432/telltale`);
    expect(environment.get('PEER_PUBLIC_ADDR')).toBe(`ring-receiver-${n}:5001`);
    expect(environment.get('PEER_ADDR')).toBe(n === 1 ? "''" : 'ring-receiver-1:5001');
  });

  it('takes the settings of the plain services, but for what four ledgers cannot share', () => {
    expect(sectionOf('ring-receiver-1')).toContain('environment: &ring-environment\n      <<: *receiver-environment\n');
    for (const n of [2, 3, 4]) expect(sectionOf(`ring-receiver-${n}`)).toContain('      <<: *ring-environment\n');
    const environment = environmentOf('ring-receiver-1');
    for (const name of ['LEDGER_ORIGIN', 'WITNESSES', 'WITNESS_POLICY', 'WITNESS_LOGS', 'ROSTER', 'PEER_PORT']) {
      expect(environment.get(name), name).toBe("''");
    }
    expect(Object.fromEntries(environment)).toMatchObject({ PEERING: "'1'", RING_SIZE: "'4'" });
  });

  it('starts the sender once every receiver answers', () => {
    const waits = numbers.map((n) => `      ring-receiver-${n}:\n        condition: service_healthy\n`).join('');
    expect(sectionOf('ring-sender')).toContain(`    depends_on:\n${waits}    environment:\n`);
    expect(environmentOf('ring-sender').get('RECEIVER_URL')).toBe('http://ring-receiver-1:5001');
  });

  it('declares every volume', () => {
    const [, declared = ''] = /\nvolumes:\n([\s\S]*)$/.exec(file) ?? [];
    const used = [...services.matchAll(/^ {6}- ([a-z0-9-]+):\//gm)].map(([, name = '']) => name);
    expect(declared.trim().split(/:\s*/).filter(Boolean).toSorted()).toEqual(used.toSorted());
  });
});
