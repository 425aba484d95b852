// `npm run ring`: four receivers in one trial ring on this machine, each with a database of its own below DATA_DIR/ring, and a sender that
// sends to the first. To look at, and to try what happens when one is killed; not how a ring is run for real (a ROSTER file names its members).

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fillModuleCache } from './module-cache.ts';
import { root } from './service-process.ts';
import { faultText, type Listening, type LogLine, Services, sealedText, startSending } from './services.ts';

/** The least that survives the loss of one and keeps three copies (peering.md). All of it held 736 MB together, measured after two minutes. */
const RECEIVERS = 4;
/** What the first schedule sends: liotbchain's own defaults. */
const FIRST_SCHEDULE = { number_of_items_to_send: 2, interval_time: 2 };
const HOST = '127.0.0.1';
/** Of the sender where nothing else is set; the receivers' come behind it. */
const SENDER_PORT = 5_100;

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
if (existsSync(join(root, '.env'))) process.loadEnvFile(join(root, '.env'));
const { DATA_DIR = './data' } = process.env;
const folder = resolve(root, DATA_DIR, 'ring');
/** Names of the receivers by the identifiers of their nodes. */
const nodes = new Map<string, string>();
/** What was last said of each receiver's place: pointers that a person is not told of change too. */
const places = new Map<string, string>();

try {
  await fillModuleCache(['receiver', 'sender']);
  const token = await ringToken(join(folder, 'peer-token'));
  const receivers: Listening[] = [];
  for (let n = 1; n <= RECEIVERS; n++) {
    // One after the other: the first is the boot node, which the others ask to be admitted.
    const variables = receiverVariables(n, token);
    receivers.push(await services.launch({ name: `receiver ${n}`, kind: 'receiver', variables, isKeptUp: true }));
  }
  const [boot] = receivers;
  const sends = { ...UNSET, HOST, PORT: portOf(0), DATA_DIR: folder, RECEIVER_URL: boot?.url ?? '' };
  const sender = await services.launch({ name: 'sender', kind: 'sender', variables: sends });
  console.log(`
${receivers.map(({ url, pid }, i) => `  receiver ${i + 1}  ${url}   as it sees the ring ${url}/v1/ring   process ${pid}`).join('\n')}
  sender      ${sender.url}   sends to receiver 1
  End a receiver (kill -9 and its process) to see the others go on; it is started again.
  Ctrl-C stops everything; the data stays in ${folder}.
`);
  await startSending(sender.url, FIRST_SCHEDULE);
} catch (error) {
  services.fail(error);
}

/** Ports of their own, so that the ring runs beside `npm start`. 0 is the sender. */
function portOf(n: number): string {
  const set = process.env[n === 0 ? 'RING_SENDER_PORT' : `RING_RECEIVER_PORT_${n}`];
  return set === undefined || set === '' ? String(SENDER_PORT + n) : set;
}

function receiverVariables(n: number, token: string): Record<string, string> {
  const place = { HOST, PORT: portOf(n), DATA_DIR: join(folder, String(n)) };
  const ring = { PEERING: '1', PEER_TOKEN: token, RING_SIZE: String(RECEIVERS) };
  return { ...UNSET, ...place, ...ring, ...(n > 1 && { PEER_ADDR: HOST, PEER_PORT: portOf(1) }) };
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
  if (line.msg === 'ring node started' && line.nodeId !== undefined) nodes.set(line.nodeId, name);
  const sealed = sealedText(line);
  const fault = faultText(line);
  const place = placeText(line);
  if (sealed !== undefined) console.log(`${name}: ${sealed}`);
  else if (fault !== undefined) console.error(`${name}: ${fault}`);
  else if (place !== undefined && places.get(name) !== place) {
    places.set(name, place);
    console.log(`${name}: ${place}`);
  }
}

/** Where a receiver is in the ring now; undefined for every line that does not say so. */
function placeText({ msg, mode, successors = [] }: LogLine): string | undefined {
  if (msg !== 'ring changed') return undefined;
  if (mode !== 'member') return `${mode} in the ring`;
  return `member of the ring, followed by ${successors.map((id) => nodes.get(id) ?? id).join(', ')}`;
}
