// Messages and what they measured: packs, lists of readings, and objects, which are read as they stand.

import { describe, expect, it } from 'vitest';
import { utf8 } from './bytes.ts';
import { resolveReading } from './resolve-reading.ts';

const RECEIVED_AT_US = 1_700_000_000_000_000;

describe('resolveReading', () => {
  it('resolves a pack, relative to when it was received', () => {
    expect(resolve('[{"bn":"a/","n":"b","t":-1.5,"v":1}]')).toEqual({
      ok: true,
      value: [{ name: 'a/b', value: 1, timeUs: 1_699_999_998_500_000 }],
    });
  });

  it('gives the values of a list’s elements, at their own times', () => {
    const source =
      '[{"device":"a","seq":1,"timestamp":1700000001.5,"t":20.5,"door":"open"},{"ok":true,"x":null,"y":[1],"z":{"v":1}}]';
    expect(resolve(source)).toEqual({
      ok: true,
      value: [
        { name: 't', value: 20.5, timeUs: 1_700_000_001_500_000 },
        { name: 'door', string: 'open', timeUs: 1_700_000_001_500_000 },
        { name: 'ok', boolean: true, timeUs: RECEIVED_AT_US },
      ],
    });
  });

  it('gives nothing for an object, even one that looks like a record of SenML', () => {
    expect(resolve('{"n":"a","v":1}')).toEqual({ ok: true, value: undefined });
  });

  it.each(['bn', 'bt', 'bu', 'bv', 'bs', 'bver', 'n', 'v', 'vs', 'vb', 'vd', 's'])(
    'takes an array whose first element has %s for a pack',
    (label) => {
      const source = `[{${JSON.stringify(label)}:null},{"x":1}]`;
      expect(resolve(source)).toMatchObject({ ok: false, code: 'senml-type' });
    },
  );

  it('takes an array for a list when only a later element has a label of SenML', () => {
    expect(resolve('[{"x":1},{"v":2,"n":"a"}]')).toMatchObject({
      ok: true,
      value: [{ name: 'x' }, { name: 'v', value: 2 }, { name: 'n', string: 'a' }],
    });
  });

  it('says why a broken pack cannot be resolved, and refuses what is no reading', () => {
    expect(resolve('[{"v":1}]')).toMatchObject({ ok: false, code: 'senml-name', message: 'record 0: no name' });
    expect(resolve('[{"n":"a","v":1e999}]')).toMatchObject({ ok: false, code: 'senml-type' });
    expect(resolve('[]')).toMatchObject({ ok: false, code: 'list-empty' });
  });
});

function resolve(source: string) {
  return resolveReading(utf8(source), { receivedAtUs: RECEIVED_AT_US });
}
