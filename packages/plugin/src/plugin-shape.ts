// Whether what a module exports is a plugin at all. What it does is only seen when it runs.

import { isAbsolute } from 'node:path';
import type { ReceiverPlugin } from './plugin.ts';

/** Fits a name of PostgreSQL (63 bytes) and of Prometheus, whatever is put before and behind it. */
const NAME = /^[a-z][a-z0-9_]{0,30}$/;

/** What is wrong with `value` as a plugin, in words for its author; empty exactly when `isPlugin`. */
export function pluginFaults(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return ['it exports no object called plugin'];
  const part = (name: string): unknown => Reflect.get(value, name);
  const faults: string[] = [];
  const [name, migrations] = [part('name'), part('migrations')];
  if (typeof name !== 'string' || !NAME.test(name)) {
    faults.push('its name is not a lower-case letter and up to 30 more, digits or underscores');
  }
  if (migrations !== undefined && (typeof migrations !== 'string' || !isAbsolute(migrations))) {
    faults.push('its migrations are not the absolute path of a folder');
  }
  if (part('variables') !== undefined && typeof part('variables') !== 'function') {
    faults.push('its variables are no function');
  }
  if (typeof part('start') !== 'function') faults.push('it has no function start');
  return faults;
}

/** Whether `value` has the members of a plugin. */
export function isPlugin(value: unknown): value is ReceiverPlugin {
  return pluginFaults(value).length === 0;
}
