// The dashboard (deploy/grafana) and the alert rules (deploy/prometheus) against what the services and their plugins really show: a name that
// nobody registers would be an empty panel, or an alert that never comes.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Registry } from '@platformatic/prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { registerRingMetrics } from '../../packages/peering/src/metrics/ring-metrics.ts';
import { mqttMetrics } from '../../services/receiver/src/mqtt/mqtt-metrics.ts';
import { pluginMetrics } from '../../services/receiver/src/plugins/plugin-metrics.ts';
import { startTestReceiver, type TestReceiver } from '../../services/receiver/src/testing/test-receiver.ts';
import { endSender, type SenderProcess, spawnSender } from '../../services/sender/src/testing/sender-process.ts';

const deploy = (file: string) => readFileSync(resolve(import.meta.dirname, '../../deploy', file), 'utf8');

const dashboard = z.object({
  panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).optional() }).loose()),
});
const ofDashboard = (): string[] =>
  dashboard
    .parse(JSON.parse(deploy('grafana/telltale.json')))
    .panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
/** Each stands on a line of its own. */
const ofRules = (): string[] =>
  [...deploy('prometheus/telltale.rules.yml').matchAll(/^ {8}expr: (.+)$/gm)].map(([, expr = '']) => expr);

const namesIn = (expr: string): string[] => expr.match(/\b(?:telltale|process|nodejs)_[a-z0-9_]+/g) ?? [];
const registered = (text: string): string[] => [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name);

let receiver: TestReceiver;
let sender: SenderProcess;
const folder = mkdtempSync(join(tmpdir(), 'telltale-metrics-'));
const known = new Set<string>();

beforeAll(async () => {
  receiver = await startTestReceiver();
  sender = await spawnSender({ cwd: folder, env: { RECEIVER_URL: receiver.url } });
  const optional = new Registry();
  mqttMetrics(optional);
  pluginMetrics(optional, () => new Map());
  registerRingMetrics(optional, {
    counts: () => undefined,
    laneCounts: () => ({ failedPuts: 0, skippedBlocks: 0, conflicts: 0 }),
    blocksBehind: () => 0,
  });
  for (const { url } of [receiver, sender]) {
    for (const name of registered(await (await fetch(`${url}/metrics`)).text())) known.add(name);
  }
  for (const name of registered(await optional.metrics())) known.add(name);
});
afterAll(async () => {
  await endSender(sender, 'SIGTERM');
  await receiver.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.each([
  { what: 'the dashboard', expressions: ofDashboard(), least: 25 },
  { what: 'the alert rules', expressions: ofRules(), least: 20 },
])('$what', ({ expressions, least }) => {
  it('asks only for metrics that a service or a plugin shows', () => {
    expect(expressions.length).toBeGreaterThanOrEqual(least);
    for (const expr of expressions) {
      expect(namesIn(expr).length + (/\bup\{/.test(expr) ? 1 : 0), expr).toBeGreaterThan(0);
      expect(
        namesIn(expr).filter((name) => !known.has(name)),
        expr,
      ).toEqual([]);
    }
  });
});

describe('the alert rules', () => {
  it('each say how bad it is and what it is', () => {
    const rules = deploy('prometheus/telltale.rules.yml')
      .split(/^ {6}- alert: /m)
      .slice(1);
    expect(rules).toHaveLength(ofRules().length);
    for (const rule of rules) {
      expect(rule).toMatch(/^Telltale\w+\n/);
      expect(rule).toMatch(/^ {8}labels: \{ severity: (critical|warning) \}$/m);
      expect(rule).toMatch(/^ {10}summary: \S/m);
    }
  });
});
