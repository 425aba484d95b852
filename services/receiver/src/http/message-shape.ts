// The message of a reading as the OpenAPI document shows it: any JSON object, or an array of them. What it may be the ledger package decides.

import { z } from 'zod';

const object = z.record(z.string(), z.unknown());

export const messageShape = z.union([object, z.array(object).min(1)]);
