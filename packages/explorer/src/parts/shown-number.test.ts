// Measured numbers as text.

import { expect, it } from 'vitest';
import { shownNumber, shownOnScale } from './shown-number.ts';

it('shows a measured number with six significant digits', () => {
  expect([0, -4.5, 1013.2512, 0.00012, 123_456_789].map((value) => shownNumber(value, 'en'))).toEqual([
    '0',
    '-4.5',
    '1,013.25',
    '0.00012',
    '123,457,000',
  ]);
});

it('writes what would be a row of zeros as a power of ten', () => {
  expect([1e300, -1e308, 1e-7].map((value) => shownNumber(value, 'en'))).toEqual(['1E300', '-1E308', '1E-7']);
});

it('shortens what has no room beside a chart', () => {
  expect([250, 101_325, 1_250_000, 1e300].map((value) => shownOnScale(value, 'en'))).toEqual([
    '250',
    '101,325',
    '1.25M',
    '1E300',
  ]);
});
