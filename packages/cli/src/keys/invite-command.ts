// `telltale invite`: an administrator's one-time token, with which a device enrols its own key.

import { z } from 'zod';
import { EXIT } from '../cli-error.ts';
import { type Command, JSON_OPTION, writeResult } from '../command.ts';
import { bearer, ReceiverClient } from '../receiver-client.ts';
import { utcTime } from '../utc-time.ts';
import { readToken } from './secret.ts';

const invited = z.object({ token: z.string(), expires_at: z.number().int() });
/** A year; the receiver may allow less. */
const MAX_EXPIRES_IN_S = 366 * 24 * 3600;

export const inviteCommand: Command = {
  usage: '--url <url> [--device <name>]… [--expires-in <seconds>]',
  details:
    'Needs ADMIN_TOKEN, from the environment or a file. The token is shown once; the receiver keeps only its hash.',
  options: {
    url: { value: 'url', help: 'The receiver.' },
    device: { value: 'name', isRepeatable: true, help: 'A device that may be enrolled; without, any that has no key.' },
    'expires-in': { value: 'seconds', help: 'How long the token waits; the receiver’s default is a day.' },
    'admin-token-file': { value: 'file', help: 'File that holds ADMIN_TOKEN.' },
    ...JSON_OPTION,
  },
  positionals: { min: 0, max: 0 },
  async run(given, context) {
    const client = new ReceiverClient(given.requiredText('url'), context.signal);
    const expiresInS = given.integer('expires-in', { min: 1, max: MAX_EXPIRES_IN_S });
    const devices = given.list('device');
    const adminToken = await readToken(given, {
      option: 'admin-token-file',
      variable: 'ADMIN_TOKEN',
      value: context.config.adminToken,
    });
    const body = {
      ...(devices.length > 0 && { devices: [...devices] }),
      ...(expiresInS !== undefined && { expires_in_s: expiresInS }),
    };
    const answer = await client.ask(invited, (api) => api.POST('/v1/invites', { body, ...bearer(adminToken) }));
    const text = `${answer.token}\n`;
    writeResult(context, given, { text, json: answer });
    if (!given.has('json')) context.stderr.write(`good for one enrolment until ${utcTime(answer.expires_at)}\n`);
    return EXIT.sound;
  },
};
