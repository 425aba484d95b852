// `telltale rotate`: an enrolled key vouches for its successor, and retires unless told otherwise.

import { enrolText, possessionText, revokeText, toBase64, toHex } from '@telltale/ledger';
import { z } from 'zod';
import { EXIT } from '../cli-error.ts';
import { type Command, JSON_OPTION, writeResult } from '../command.ts';
import { ReceiverClient } from '../receiver-client.ts';
import { readTrust, TRUST_OPTIONS } from '../trust.ts';
import { readKeyFile } from './key-file.ts';
import { ledgerToSignFor } from './ledger-to-sign-for.ts';

const rotated = z.object({ leaf_index: z.number().int(), revoked_leaf: z.number().int().nullable() });
/** The reason that a retirement by rotation gives; the receiver takes no other. */
const ROTATION_REASON = 'rotated';

export const rotateCommand: Command = {
  usage: '--url <url> --key-file <old key> --new-key-file <new key>',
  options: {
    url: { value: 'url', help: 'The receiver.' },
    'key-file': { value: 'file', help: 'The key that is enrolled.' },
    'new-key-file': { value: 'file', help: 'Its successor (telltale keygen).' },
    device: { value: 'name', isRepeatable: true, help: 'A device of the old key; without, all of them.' },
    'keep-old': { help: 'Leave the old key in force too.' },
    ...TRUST_OPTIONS,
    ...JSON_OPTION,
  },
  positionals: { min: 0, max: 0 },
  async run(given, context) {
    const client = new ReceiverClient(given.requiredText('url'), context.signal);
    const old = await readKeyFile(given.requiredText('key-file'));
    const successor = await readKeyFile(given.requiredText('new-key-file'));
    const { origin } = await ledgerToSignFor(client, await readTrust(given, context));
    const oldKeyId = toHex(old.key.keyId);
    const { keyId, spki } = successor.key;
    const named = given.list('device');
    const devices = named.length > 0 ? named : (await client.key(oldKeyId)).devices.map(({ device }) => device);
    const nonce = await client.nonce();
    const farewell = revokeText({ origin, keyId: old.key.keyId, reason: ROTATION_REASON, nonce });
    const body = {
      public_key: toBase64(spki),
      devices: [...devices],
      nonce,
      possession: toBase64(successor.sign(possessionText({ origin, keyId, nonce }))),
      signature: toBase64(old.sign(enrolText({ origin, keyId, devices, nonce }))),
      ...(!given.has('keep-old') && { retirement: toBase64(old.sign(farewell)) }),
    };
    const at = { params: { path: { key_id: oldKeyId } } };
    const answer = await client.ask(rotated, (api) => api.POST('/v1/keys/{key_id}/rotate', { ...at, body }));
    const retired =
      answer.revoked_leaf === null
        ? '; the old key stays in force'
        : `; leaf ${answer.revoked_leaf} revokes the old key`;
    writeResult(context, given, {
      text: `enrolled key ${toHex(keyId)} at ${origin}, leaf ${answer.leaf_index}${retired}\n`,
      json: { key_id: toHex(keyId), old_key_id: oldKeyId, origin, devices, ...answer },
    });
    return EXIT.sound;
  },
};
