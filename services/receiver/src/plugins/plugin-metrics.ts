// What /metrics shows of plugins, beside what they show themselves.

import { Counter, Gauge, type Registry } from '@platformatic/prom-client';
import type { PluginCall } from './plugin-faults.ts';

export interface PluginMetrics {
  fault(plugin: string, call: PluginCall): void;
  dropped(plugin: string, readings: number): void;
}

/** `lags`: for each plugin that takes blocks, those that are sealed and that it has not taken. */
export function pluginMetrics(registry: Registry, lags: () => ReadonlyMap<string, number>): PluginMetrics {
  const registers = [registry];
  const faults = new Counter({
    name: 'telltale_plugin_errors_total',
    help: 'Calls of a plugin that failed, or whose answer was wrong.',
    labelNames: ['plugin', 'call'],
    registers,
  });
  const dropped = new Counter({
    name: 'telltale_plugin_readings_dropped_total',
    help: 'Accepted readings that a plugin was too slow for; they come again in blocks.',
    labelNames: ['plugin'],
    registers,
  });
  new Gauge({
    name: 'telltale_plugin_lag_blocks',
    help: 'Sealed blocks that a plugin has not taken yet.',
    labelNames: ['plugin'],
    registers,
    collect() {
      for (const [plugin, blocks] of lags()) this.set({ plugin }, blocks);
    },
  });
  return {
    fault: (plugin, call) => faults.inc({ plugin, call }),
    dropped: (plugin, readings) => dropped.inc({ plugin }, readings),
  };
}
