// A thermometer of this machine as Linux shows it: a folder with `type`, a name, and `temp`, millidegrees Celsius in plain digits.
// Source: the kernel's Documentation/ABI/testing/sysfs-class-thermal.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../start-error.ts';

/** Where Linux keeps them. */
export const THERMAL_FOLDER = '/sys/class/thermal';

/** Names of zones that measure a processor: cpu-thermal (Raspberry Pi), x86_pkg_temp (Intel), cpu0-thermal, soc-thermal and the like. */
const OF_A_PROCESSOR = /cpu|x86_pkg|soc|core/i;

export type ThermalZone = Readonly<{ folder: string; type: string }>;

/**
 * The zone in `given`, or the first in `folder` that measures a processor, or else the first that can be read.
 * @throws StartError `sensor` when there is none
 */
export function findThermalZone(options: { given: string | undefined; folder: string }): ThermalZone {
  const { given, folder } = options;
  const zones = (given === undefined ? zoneFolders(folder) : [given]).flatMap((path) => openZone(path) ?? []);
  const zone = zones.find(({ type }) => OF_A_PROCESSOR.test(type)) ?? zones[0];
  if (zone !== undefined) return zone;
  const where = given === undefined ? `no thermal zone in ${folder}` : `THERMAL_ZONE ${given} is no thermal zone`;
  throw new StartError('sensor', `SENSOR=thermal: ${where} can be read on this machine; set THERMAL_ZONE or SENSOR`);
}

/** Millidegrees Celsius. @throws when the zone cannot be read now, as some cannot while a device sleeps, or says something else */
export function readMillidegrees({ folder }: Pick<ThermalZone, 'folder'>): number {
  const text = readFileSync(join(folder, 'temp'), 'utf8').trim();
  if (!/^-?\d{1,6}$/.test(text)) throw new Error(`temp says ${JSON.stringify(text.slice(0, 40))}`);
  return Number(text);
}

function zoneFolders(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    // Not Linux, or a machine without thermometers: the caller says so.
    return [];
  }
  const numbers = names.flatMap((name) => /^thermal_zone(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  return numbers.sort((a, b) => a - b).map((number) => join(folder, `thermal_zone${number}`));
}

function openZone(folder: string): ThermalZone | undefined {
  try {
    readMillidegrees({ folder });
    return { folder, type: readFileSync(join(folder, 'type'), 'utf8').trim() };
  } catch {
    // Another zone may be readable; the caller says so when none is.
    return undefined;
  }
}
