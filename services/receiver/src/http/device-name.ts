// A device's name in a path or a query, by the rules of format.md: what cannot be a name is refused before anything is looked up.

import { deviceFault } from '@telltale/ledger';
import { z } from 'zod';

export const deviceName = z.string().superRefine((name, context) => {
  const fault = deviceFault(name);
  if (fault !== undefined) context.addIssue(fault);
});
