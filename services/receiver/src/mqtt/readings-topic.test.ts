// Topics and the devices that they name.

import { describe, expect, it } from 'vitest';
import { parseReadingsTopic, sharedFilter } from './readings-topic.ts';

describe('a topic of readings', () => {
  it.each([
    ['Raspberry Pi 1', 'Raspberry Pi 1'],
    ['hall%2F3%20%231', 'hall/3 #1'],
    ['K%C3%BChlhaus', 'Kühlhaus'],
    ['', ''],
    ['100%', undefined],
    ['%ff', undefined],
  ])('with the level %j is of the device %j, and is answered beside it', (level, device) => {
    const receiptsTopic = `telltale/v1/${level}/receipts`;
    expect(parseReadingsTopic(`telltale/v1/${level}/readings`)).toEqual({ device, receiptsTopic });
  });

  it.each(['telltale/v1/a/b/readings', 'telltale/v2/a/readings', 'telltale/v1/a/receipts', 'x/telltale/v1/a/readings'])(
    'is not %s',
    (topic) => {
      expect(parseReadingsTopic(topic)).toBeUndefined();
    },
  );

  it('is what a group of receivers shares', () => {
    expect(sharedFilter('north')).toBe('$share/north/telltale/v1/+/readings');
  });
});
