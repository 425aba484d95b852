// A whole number in a query string: plain digits, below 2^53. Number() alone would take "0x10", " " and "1e3" too. In the OpenAPI document it
// is an integer.

import { z } from 'zod';

const AS_INTEGER = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, pattern: undefined } as const;

export const wholeNumber = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,15})$/, 'must be a whole number in plain digits')
  .transform((digits, context) => {
    const number = Number(digits);
    if (!Number.isSafeInteger(number)) context.addIssue('must be below 2^53');
    return number;
  })
  .meta(AS_INTEGER);

/** How many items a page may have. */
export function pageLimit(page: { default: number; most: number }) {
  const said = { ...AS_INTEGER, minimum: 1, maximum: page.most, default: page.default };
  return wholeNumber
    .pipe(z.number().min(1).max(page.most))
    .default(page.default)
    .meta({ ...said, description: `Items of the page, at most; ${page.default} where it is not given.` });
}
