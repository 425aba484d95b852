// `npm run ring`: four receivers in one trial ring on this machine, each with a database of its own below DATA_DIR/ring, and a sender that
// sends to the first. To look at, and to try what happens when one is killed; not how a ring is run for real (a ROSTER file names its members).

import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { faultText, type LogLine, root, Services, sealedText, startSending } from './services.ts';

/** The least that survives one receiver (peering.md). Each takes about 150 MB with its database, so all of it stays below 1 GB. */
const RECEIVERS = 4;
/** Readings for a minute, then quiet: enough to see blocks travel. */
const FIRST_SCHEDULE = { number_of_items_to_send: 2, interval_time: 2 };
const HOST = '127.0.0.1';

/**
 * Variables of .env that are about one receiver or one ledger: four cannot share them. Empty counts as unset, and what is set here wins over
 * .env.
 */
const UNSET = {
  DATABASE_URL: '',
  LEDGER_KEY_FILE: '',
  LEDGER_ORIGIN: '',
  LEDGER_PUBLIC_KEY: '',
  WITNESSES: '',
  WITNESS_POLICY: '',
  WITNESS_LOGS: '',
  WITNESS_KEY_FILE: '',
  KEY_FILE: '',
  ROSTER: '',
  NODE_KEY_FILE: '',
  PEER_ADDR: '',
  PEER_PORT: '',
  PEER_PUBLIC_ADDR: '',
};

const services = new Services(show);
// Ports of its own, so that it runs beside `npm start`: the sender's, and behind it one for each receiver.
const { DATA_DIR = './data', RING_PORT = '5100' } = process.env;
const firstPort = Number(RING_PORT);
const folder = resolve(root, DATA_DIR, 'ring');

try {
  const token = await ringToken(join(folder, 'peer-token'));
  const urls: string[] = [];
  for (let n = 1; n <= RECEIVERS; n++) {
    // One after the other: the first is the boot node, which the others ask to be admitted.
    urls.push(
      await services.launch({ name: `receiver ${n}`, kind: 'receiver', variables: receiverVariables(n, token) }),
    );
  }
  const [boot = ''] = urls;
  const variables = { ...UNSET, HOST, PORT: String(firstPort), DATA_DIR: folder, RECEIVER_URL: boot };
  const senderUrl = await services.launch({ name: 'sender', kind: 'sender', variables });
  console.log(`
${urls.map((url, i) => `  receiver ${i + 1}  ${url}   the ring as it sees it ${url}/v1/ring`).join('\n')}
  sender      ${senderUrl}   sends to receiver 1
  Ctrl-C stops everything; the data stays in ${folder}.
`);
  await startSending(senderUrl, FIRST_SCHEDULE);
} catch (error) {
  services.fail(error);
}

function receiverVariables(n: number, token: string): Record<string, string> {
  const place = { HOST, PORT: String(firstPort + n), DATA_DIR: join(folder, String(n)) };
  const ring = { PEERING: '1', PEER_TOKEN: token, RING_SIZE: String(RECEIVERS) };
  return { ...UNSET, ...place, ...ring, ...(n > 1 && { PEER_ADDR: HOST, PEER_PORT: String(firstPort + 1) }) };
}

/** Made once: the receivers of an earlier run know each other by it. A crash while it is written leaves a short one, which is made anew. */
async function ringToken(file: string): Promise<string> {
  const found = await readFile(file, 'utf8').catch(() => '');
  if (/^[0-9a-f]{64}$/.test(found)) return found;
  const token = randomBytes(32).toString('hex');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(file, token, { mode: 0o600 });
  await chmod(file, 0o600);
  return token;
}

/** Blocks, the ring's changes, and what must be seen; each line says of whom it is. */
function show(name: string, line: LogLine): void {
  const sealed = sealedText(line);
  const fault = faultText(line);
  if (sealed !== undefined) console.log(`${name}: ${sealed}`);
  else if (fault !== undefined) console.error(`${name}: ${fault}`);
  else if (line.msg === 'ring changed') console.log(`${name}: the ring changed, now ${line.mode}`);
}
