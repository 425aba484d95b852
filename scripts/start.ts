// `npm start`: receiver and sender side by side on this machine, the first readings sent, and a line for each sealed block.
// Both belong to this process: they end when it ends, however it ends (services.ts).

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fillModuleCache } from './module-cache.ts';
import { root } from './service-process.ts';
import { faultText, type LogLine, Services, sealedText, startSending } from './services.ts';

/** What the first schedule sends: liotbchain's own defaults. */
const FIRST_SCHEDULE = { number_of_items_to_send: 2, interval_time: 2 };

const services = new Services(show);

// Here PORT would mean both services; each has a name of its own instead. The services read the rest of .env themselves.
if (existsSync(join(root, '.env'))) process.loadEnvFile(join(root, '.env'));
const { RECEIVER_PORT = '5001', SENDER_PORT = '5000' } = process.env;

try {
  await fillModuleCache(['receiver', 'sender']);
  const { url: receiverUrl } = await services.launch({
    name: 'receiver',
    kind: 'receiver',
    variables: { PORT: RECEIVER_PORT },
  });
  const { url: senderUrl } = await services.launch({
    name: 'sender',
    kind: 'sender',
    variables: { PORT: SENDER_PORT, RECEIVER_URL: receiverUrl },
  });
  console.log(`
  explorer  ${receiverUrl}/
  receiver  ${receiverUrl}   Swagger UI ${receiverUrl}/apidocs/   chain ${receiverUrl}/get_chain
  sender    ${senderUrl}   Swagger UI ${senderUrl}/apidocs/
  Ctrl-C stops everything; the data stays.
`);
  await startSending(senderUrl, FIRST_SCHEDULE);
} catch (error) {
  services.fail(error);
}

/** Blocks are what a newcomer came for; warnings and errors must be seen; the rest is in the services' logs when they run alone. */
function show(name: string, line: LogLine): void {
  const sealed = sealedText(line);
  const fault = faultText(line);
  if (sealed !== undefined) console.log(sealed);
  else if (fault !== undefined) console.error(`${name}: ${fault}`);
}
