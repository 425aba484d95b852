// A process of its own that uses the embedded server of the folder it is given, for tests that share, kill and race.
// Writes its target as one line of JSON, stops its share when a line arrives on stdin, and then ends.

import { once } from 'node:events';
import { startEmbeddedServer } from '../embedded-server.ts';

const [dataDir] = process.argv.slice(2);
if (dataDir === undefined) throw new Error('usage: embedded-child.ts DATA_DIR');
const report = (fields: object, message: string) => console.error(message, fields);
const server = await startEmbeddedServer({ dataDir, log: { info: report, warn: report } });
console.log(JSON.stringify(server.target));
await once(process.stdin, 'data');
await server.stop();
process.exit(0);
