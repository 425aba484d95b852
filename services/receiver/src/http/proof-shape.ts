// A proof as JSON and as C2SP tlog-proof text, for the OpenAPI document. What it means and how it is checked is packages/ledger/src/proof.ts.

import { z } from 'zod';

const CHECKPOINT =
  'example.org/ledger\n42\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\n— example.org/ledger c2lnbmF0dXJlIG9mIHRoZSBsZWRnZXI=\n';

const shape = z.object({
  leaf_index: z.number(),
  path: z.array(z.string()).readonly().describe('Inclusion path, nearest sibling first, hexadecimal.'),
  checkpoint: z.string().describe('C2SP signed note of the checkpoint that the path leads to.'),
  leaf: z.string().describe('Base64.'),
  public_key: z.string().describe('SubjectPublicKeyInfo DER of the key that signed the leaf, base64.'),
});

export const proofJsonExample: z.infer<typeof shape> = {
  leaf_index: 41,
  path: ['0b7c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c'],
  checkpoint: CHECKPOINT,
  leaf: 'AQEABki8lZ0gQA==',
  public_key: 'MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
};

export const proofJson = shape.meta({ id: 'Proof', examples: [proofJsonExample] });

export const proofText = z.string().meta({
  description: 'C2SP tlog-proof v1; its extra data is base64(uint16 length ‖ leaf ‖ SubjectPublicKeyInfo DER).',
  examples: [
    `c2sp.org/tlog-proof@v1\nextra AAoBAQAGSLyVnSBAMCo=\nindex 41\nC3w/Hp2Ke2xdTj8qGwydjn9qW0w9Lh8Km4x9bl9KOyw=\n\n${CHECKPOINT}`,
  ],
});

export const checkpointText = z.string().meta({
  description: 'C2SP tlog-checkpoint in a C2SP signed note.',
  examples: [CHECKPOINT],
});
