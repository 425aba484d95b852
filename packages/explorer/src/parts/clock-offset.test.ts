// A device's clock in words.

import { expect, it } from 'vitest';
import { clockOffset } from './clock-offset.ts';

it('says on which side of the receiver’s clock a device’s clock is', () => {
  expect([-69, 12.6].map(clockOffset)).toEqual([
    '69 ms behind the receiver’s clock',
    '13 ms ahead of the receiver’s clock',
  ]);
});
