// `telltale enrol`: a token's holder has a key entered in the ledger's registry; the key itself shows that it is there.

import { possessionText, toBase64, toHex } from '@telltale/ledger';
import { z } from 'zod';
import { EXIT } from '../cli-error.ts';
import { type Command, JSON_OPTION, writeResult } from '../command.ts';
import { ReceiverClient } from '../receiver-client.ts';
import { readTrust, TRUST_OPTIONS } from '../trust.ts';
import { readKeyFile } from './key-file.ts';
import { ledgerToSignFor } from './ledger-to-sign-for.ts';
import { readToken } from './secret.ts';

const enrolled = z.object({ key_id: z.string(), leaf_index: z.number().int() });

export const enrolCommand: Command = {
  usage: '--url <url> --key-file <file> --device <name>…',
  details:
    'The token is a one-time one (telltale invite) or the ledger’s ENROLLMENT_TOKEN, from that variable or a file.',
  options: {
    url: { value: 'url', help: 'The receiver.' },
    'key-file': { value: 'file', help: 'The key’s private half; it stays here.' },
    device: { value: 'name', isRepeatable: true, help: 'A device that the key may speak for; none: its own alone.' },
    'token-file': { value: 'file', help: 'File that holds the token.' },
    ...TRUST_OPTIONS,
    ...JSON_OPTION,
  },
  positionals: { min: 0, max: 0 },
  async run(given, context) {
    const client = new ReceiverClient(given.requiredText('url'), context.signal);
    const { key, sign } = await readKeyFile(given.requiredText('key-file'));
    const value = context.config.enrollmentToken;
    const token = await readToken(given, { option: 'token-file', variable: 'ENROLLMENT_TOKEN', value });
    const { origin } = await ledgerToSignFor(client, await readTrust(given, context));
    const nonce = await client.nonce();
    const body = {
      token,
      public_key: toBase64(key.spki),
      devices: [...given.list('device')],
      nonce,
      possession: toBase64(sign(possessionText({ origin, keyId: key.keyId, nonce }))),
    };
    const answer = await client.ask(enrolled, (api) => api.POST('/v1/keys', { body }));
    writeResult(context, given, {
      text: `enrolled key ${toHex(key.keyId)} at ${origin}, leaf ${answer.leaf_index}\n`,
      json: { key_id: toHex(key.keyId), origin, leaf_index: answer.leaf_index },
    });
    return EXIT.sound;
  },
};
