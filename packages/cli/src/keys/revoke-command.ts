// `telltale revoke`: from its leaf on, nothing that the key signs is accepted. By an administrator, or by the key itself.

import { hashFromHex, revokeText, toBase64, toHex } from '@telltale/ledger';
import { z } from 'zod';
import { CliError, EXIT } from '../cli-error.ts';
import { type Command, type Context, type Given, JSON_OPTION, writeResult } from '../command.ts';
import { bearer, ReceiverClient } from '../receiver-client.ts';
import { readTrust, TRUST_OPTIONS } from '../trust.ts';
import { readKeyFile } from './key-file.ts';
import { ledgerToSignFor } from './ledger-to-sign-for.ts';
import { readToken } from './secret.ts';

const revoked = z.object({ leaf_index: z.number().int() });

export const revokeCommand: Command = {
  usage: '<key id> --url <url> --reason <text> | --key-file <file> --url <url> --reason <text>',
  details: `With a key id it needs ADMIN_TOKEN, from the environment or a file; with --key-file the key revokes itself. The reason stands in the
ledger for ever. Readings that were accepted before stay valid.`,
  options: {
    url: { value: 'url', help: 'The receiver.' },
    reason: { value: 'text', help: 'Why.' },
    'key-file': { value: 'file', help: 'The key that revokes itself.' },
    'admin-token-file': { value: 'file', help: 'File that holds ADMIN_TOKEN.' },
    ...TRUST_OPTIONS,
    ...JSON_OPTION,
  },
  positionals: { min: 0, max: 1 },
  async run(given, context) {
    const client = new ReceiverClient(given.requiredText('url'), context.signal);
    const keyId = given.at(0);
    const keyFile = given.text('key-file');
    if ((keyId === undefined) === (keyFile === undefined)) {
      throw new CliError('usage', 'give a key id, or --key-file for a key that revokes itself');
    }
    const reason = given.requiredText('reason');
    const done =
      keyFile === undefined
        ? await byAdmin({ client, keyId: keyId ?? '', reason, given, context })
        : await byItself({ client, keyFile, reason, given, context });
    writeResult(context, given, {
      text: `revoked key ${done.keyId}, leaf ${done.leafIndex}\n`,
      json: { key_id: done.keyId, leaf_index: done.leafIndex },
    });
    return EXIT.sound;
  },
};

interface Asked {
  readonly client: ReceiverClient;
  readonly reason: string;
  readonly given: Given;
  readonly context: Context;
}

async function byAdmin(asked: Asked & { keyId: string }): Promise<{ keyId: string; leafIndex: number }> {
  const { client, keyId, reason, given, context } = asked;
  if (!hashFromHex(keyId)) throw new CliError('usage', 'a key id is 64 lower-case hexadecimal digits');
  const value = context.config.adminToken;
  const adminToken = await readToken(given, { option: 'admin-token-file', variable: 'ADMIN_TOKEN', value });
  const request = { params: { path: { key_id: keyId } }, body: { reason }, ...bearer(adminToken) };
  const answer = await client.ask(revoked, (api) => api.POST('/v1/keys/{key_id}/revoke', request));
  return { keyId, leafIndex: answer.leaf_index };
}

async function byItself(asked: Asked & { keyFile: string }): Promise<{ keyId: string; leafIndex: number }> {
  const { client, keyFile, reason, given, context } = asked;
  const { key, sign } = await readKeyFile(keyFile);
  const { origin } = await ledgerToSignFor(client, await readTrust(given, context));
  const nonce = await client.nonce();
  const signature = toBase64(sign(revokeText({ origin, keyId: key.keyId, reason, nonce })));
  const keyId = toHex(key.keyId);
  const request = { params: { path: { key_id: keyId } }, body: { reason, nonce, signature } };
  const answer = await client.ask(revoked, (api) => api.POST('/v1/keys/{key_id}/revoke', request));
  return { keyId, leafIndex: answer.leaf_index };
}
