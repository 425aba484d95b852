// The thermal sensor on folders made as Linux makes them.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { temporaryFolders } from '../testing/temporary-folder.ts';
import { createThermalSensor } from './thermal-sensor.ts';
import { findThermalZone } from './thermal-zone.ts';

const newFolder = temporaryFolders();

/** Zones by their number. */
function thermalFolder(zones: Readonly<Record<number, { type: string; temp: string }>>): string {
  const folder = newFolder();
  mkdirSync(join(folder, 'cooling_device0'));
  for (const [number, { type, temp }] of Object.entries(zones)) {
    const zone = join(folder, `thermal_zone${number}`);
    mkdirSync(zone);
    writeFileSync(join(zone, 'type'), `${type}\n`);
    writeFileSync(join(zone, 'temp'), `${temp}\n`);
  }
  return folder;
}

function openSensor(folder: string, device?: string) {
  const messages: string[] = [];
  const write = (line: string) => messages.push(JSON.parse(line).msg);
  const zone = findThermalZone({ given: undefined, folder });
  const sensor = createThermalSensor({
    zone,
    device,
    ownDevice: 'fd110d301d2f077d',
    nowMs: () => 1_717_979_369_250,
    logger: pino({}, { write }),
  });
  return { sensor, messages, temp: join(zone.folder, 'temp') };
}

const texts = (readings: readonly { json: Uint8Array }[]) => readings.map(({ json }) => Buffer.from(json).toString());

describe('the thermal sensor', () => {
  it('gives what the processor’s zone says at that moment, in degrees Celsius', () => {
    const { sensor, temp } = openSensor(
      thermalFolder({ 0: { type: 'acpitz', temp: '27800' }, 10: { type: 'cpu-thermal', temp: '48312' } }),
    );
    expect(texts(sensor.read(1))).toEqual(['{"celsius":48.312,"zone":"cpu-thermal","timestamp":1717979369.25}']);
    writeFileSync(temp, '-5000\n');
    expect(texts(sensor.read(1))).toEqual(['{"celsius":-5,"zone":"cpu-thermal","timestamp":1717979369.25}']);
  });

  it('belongs to the key’s own device, or to the one that it is given', () => {
    const folder = thermalFolder({ 0: { type: 'cpu-thermal', temp: '48312' } });
    expect(openSensor(folder).sensor.read(1)).toMatchObject([{ sequenceOf: 'fd110d301d2f077d' }]);
    const { sensor } = openSensor(folder, 'gateway 7');
    expect(sensor.read(2)).toMatchObject([{ sequenceOf: 'gateway 7' }, { sequenceOf: 'gateway 7' }]);
    expect(texts(sensor.read(1))[0]).toContain('"device": "gateway 7"}');
    expect(sensor.status()).toMatchObject({ kind: 'thermal', devices: ['gateway 7'] });
  });

  it('gives no reading while the zone cannot be read, counts that, and says once that it fails and once that it goes on', () => {
    const { sensor, messages, temp } = openSensor(thermalFolder({ 0: { type: 'cpu-thermal', temp: '48312' } }));
    for (const wrong of ['', 'hot', '4.5']) {
      writeFileSync(temp, wrong);
      expect(sensor.read(1)).toEqual([]);
    }
    expect(sensor.status().invalidLines).toBe(3);
    writeFileSync(temp, '50000\n');
    expect(sensor.read(2)).toHaveLength(2);
    expect(messages).toEqual(['temperature cannot be read', 'temperature is read again']);
  });
});

describe('the search for a thermal zone', () => {
  it('takes the first that can be read where none names a processor', () => {
    const folder = thermalFolder({ 0: { type: 'battery', temp: '' }, 2: { type: 'acpitz', temp: '27800' } });
    expect(findThermalZone({ given: undefined, folder })).toEqual({
      folder: join(folder, 'thermal_zone2'),
      type: 'acpitz',
    });
  });

  it('takes the one that it is given, whatever it measures', () => {
    const folder = thermalFolder({ 0: { type: 'cpu-thermal', temp: '1' }, 1: { type: 'gpu', temp: '2' } });
    const given = join(folder, 'thermal_zone1');
    expect(findThermalZone({ given, folder })).toEqual({ folder: given, type: 'gpu' });
  });

  it.each([undefined, '/nowhere'])('says what to do where there is none: THERMAL_ZONE %j', (given) => {
    expect(() => findThermalZone({ given, folder: newFolder() })).toThrowError(/^SENSOR=thermal: .* set THERMAL_ZONE/);
  });
});
