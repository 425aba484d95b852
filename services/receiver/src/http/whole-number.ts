// A whole number in a query string: plain digits, below 2^53. Number() alone would take "0x10", " " and "1e3" too.

import { z } from 'zod';

export const wholeNumber = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,15})$/, 'must be a whole number in plain digits')
  .transform((digits, context) => {
    const number = Number(digits);
    if (!Number.isSafeInteger(number)) context.addIssue('must be below 2^53');
    return number;
  });
