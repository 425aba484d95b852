// A node's identifier in messages of others, checked with zod.

import { z } from 'zod';
import { type NodeId, parseNodeId } from './node-id.ts';

/** 64 lower-case hexadecimal digits. */
export const nodeIdSchema = z.string().transform((text, context): NodeId => {
  const id = parseNodeId(text);
  if (id) return id;
  context.addIssue('not an identifier');
  return z.NEVER;
});
