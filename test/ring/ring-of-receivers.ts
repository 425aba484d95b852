// A ring of receivers as their users run them: a process each on 127.0.0.2 and the addresses after it, with a ledger and a database of its own, and
// a ROSTER file that names them all. Processes come and go; addresses, keys and folders stay.

import { generateKeyPairSync, type KeyObject, randomInt } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openPool } from '@telltale/database';
import { createTestDatabase, startTestServer, type TestDatabase, type TestServer } from '@telltale/database/testing';
import { type NodeIdentity, nodeIdentityOf } from '../../packages/peering/src/transport/node-identity.ts';
import { type ReceiverProcess, spawnReceiver } from '../../services/receiver/src/testing/receiver-process.ts';

const PLUGIN = fileURLToPath(new URL('quick-peering.ts', import.meta.url));
/** Few blocks, and so little work for disk and processor: what is tested is the ring. */
const SHARED = {
  PLUGINS: PLUGIN,
  TRANSACTIONS_PER_BLOCK: '100',
  BLOCK_MAX_WAIT_MS: '1000',
  DATABASE_CONNECTIONS: '5',
};
/** PostgreSQL servers. A receiver has up to nine sessions, the plugin's among them, and the embedded server takes 60. */
const SERVERS = 2;
/** Below the ports that systems give to connections, so that no connection takes a receiver's while that is away. */
const PORTS = { least: 20_000, most: 30_000 };

/** One place in the roster. */
interface Place {
  readonly host: string;
  readonly identity: NodeIdentity;
  readonly privateKey: KeyObject;
}

/** A receiver of the ring, whether its process runs at the moment or not. */
export interface RingMember {
  readonly index: number;
  readonly url: string;
  readonly id: NodeIdentity['id'];
  /** DATA_DIR: its keys. */
  readonly folder: string;
  readonly database: TestDatabase;
  /** The test's own connection to the database. */
  readonly pool: ReturnType<typeof openPool>;
  readonly process: ReceiverProcess;
}

/** A new key at an address of its own; in this part of the ring, where `parts` says how many there are. */
function makePlace(part: number, parts: number | undefined): Place {
  for (;;) {
    const { privateKey } = generateKeyPairSync('ed25519');
    const identity = nodeIdentityOf(privateKey);
    const at = Number.parseInt(identity.id.slice(0, 8), 16) / 2 ** 32;
    if (parts === undefined || Math.floor(at * parts) === part) {
      return { host: `127.0.0.${2 + part}`, identity, privateKey };
    }
  }
}

export class RingOfReceivers {
  readonly port: number;
  readonly rosterText: string;
  /** Enrolled like the others, without a receiver: for a peer that the test plays. */
  readonly enrolled: readonly Place[];
  private readonly servers: readonly TestServer[];
  private readonly folder: string;
  private readonly all: RingMember[] = [];
  private readonly processes: ReceiverProcess[] = [];
  private readonly endedByTest = new Set<ReceiverProcess>();

  private constructor(parts: {
    servers: readonly TestServer[];
    folder: string;
    port: number;
    rosterText: string;
    enrolled: readonly Place[];
  }) {
    this.servers = parts.servers;
    this.folder = parts.folder;
    this.port = parts.port;
    this.rosterText = parts.rosterText;
    this.enrolled = parts.enrolled;
  }

  /**
   * Starts so many receivers. `enrolled`: places of the roster besides. `isSpread`: each in a part of the ring of its own, in their order, so that
   * every three neighbours have a part of the keys to keep; by their keys alone two may stand side by side.
   */
  static async start(size: {
    readonly receivers: number;
    readonly enrolled?: number;
    readonly isSpread?: boolean;
  }): Promise<RingOfReceivers> {
    const servers = await Promise.all(Array.from({ length: SERVERS }, startTestServer));
    const folder = await mkdtemp(join(tmpdir(), 'telltale-ring-'));
    const parts = size.receivers + (size.enrolled ?? 0);
    const places = Array.from({ length: parts }, (_, part) => makePlace(part, size.isSpread ? parts : undefined));
    const port = await freePort(places.map(({ host }) => host));
    const rosterText = JSON.stringify({
      ring: 'ring of a test',
      nodes: places.map(({ host, identity }) => ({
        name: host,
        public_key: Buffer.from(identity.raw).toString('base64'),
        address: `${host}:${port}`,
      })),
    });
    const enrolled = places.splice(size.receivers);
    const ring = new RingOfReceivers({ servers, folder, port, rosterText, enrolled });
    try {
      await writeFile(join(folder, 'roster.json'), rosterText);
      const started = await Promise.allSettled(places.map((place, index) => ring.found(place, index)));
      for (const outcome of started) if (outcome.status === 'rejected') throw outcome.reason;
    } catch (error) {
      await ring.remove();
      throw error;
    }
    return ring;
  }

  get members(): readonly RingMember[] {
    return this.all;
  }

  member(index: number): RingMember {
    const member = this.all[index];
    if (!member) throw new RangeError(`there is no receiver ${index}`);
    return member;
  }

  /** Those whose processes the test has not ended. */
  get running(): readonly RingMember[] {
    return this.all.filter(({ process }) => !this.endedByTest.has(process));
  }

  /** kill -9. */
  async kill(index: number): Promise<void> {
    const { process } = this.member(index);
    if (process.hasEnded()) throw new Error(`receiver ${index} was gone before: ${process.errorText()}`);
    this.endedByTest.add(process);
    await process.kill();
  }

  /** Starts a receiver that was killed, on the database that it has. */
  async restart(index: number): Promise<void> {
    const member = this.member(index);
    this.all[index] = { ...member, process: await this.spawn(member, index) };
  }

  /** Drops the database of a receiver that was killed, and gives it an empty one; its folder stays. Gives the variables of programs that use it. */
  async wipe(index: number): Promise<Record<string, string>> {
    const member = this.member(index);
    await member.pool.end();
    await member.database.drop();
    const made = await this.makeDatabase(index);
    this.all[index] = { ...member, ...made };
    return { DATABASE_URL: made.database.url, DATA_DIR: member.folder };
  }

  /** What went wrong by itself: processes that ended, and errors in logs, but for those of a database that is slow or ended a stopped process's session. */
  faults(): string[] {
    return this.processes.flatMap((process) => {
      const ended = process.hasEnded() && !this.endedByTest.has(process) ? [`${process.url} ended by itself`] : [];
      const text = process.errorText() === '' ? [] : [process.errorText()];
      const logged = process.log
        .filter(({ level, msg }) => level >= ERROR_LEVEL && !/tried again/.test(msg))
        .map((line) => JSON.stringify(line));
      return [...ended, ...text, ...logged];
    });
  }

  /** Ends everything. Gives the exit codes of those that ran until now. */
  async remove(): Promise<(number | null)[]> {
    const { running } = this;
    for (const { process } of running) this.endedByTest.add(process);
    const codes = await Promise.all(running.map(({ process }) => process.stop()));
    await Promise.all(this.all.map(({ pool }) => pool.end()));
    for (const server of this.servers) await server.stop();
    await rm(this.folder, { recursive: true, force: true });
    return codes;
  }

  private async found({ host, identity, privateKey }: Place, index: number): Promise<void> {
    const folder = join(this.folder, host);
    await mkdir(folder);
    const keyFile = join(folder, 'node-key.pem');
    await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    await chmod(keyFile, 0o600);
    const place = {
      index,
      url: `http://${host}:${this.port}`,
      id: identity.id,
      folder,
      ...(await this.makeDatabase(index)),
    };
    this.all[index] = { ...place, process: await this.spawn(place, index) };
  }

  private async makeDatabase(index: number): Promise<Pick<RingMember, 'database' | 'pool'>> {
    const server = this.servers[index % SERVERS];
    if (!server) throw new RangeError(`there is no server for receiver ${index}`);
    const database = await createTestDatabase(server.adminTarget);
    const pool = openPool({
      connection: database.target,
      applicationName: 'telltale-ring-test',
      maxConnections: 1,
      onError: () => undefined,
    });
    return { database, pool };
  }

  private async spawn(of: Pick<RingMember, 'url' | 'folder' | 'database'>, index: number): Promise<ReceiverProcess> {
    const { folder, database, url } = of;
    const { hostname: HOST, port: PORT } = new URL(url);
    const place = { HOST, PORT, DATA_DIR: folder, DATABASE_URL: database.url };
    const variables = { ...SHARED, ...place, RING_ROSTER: join(this.folder, 'roster.json') };
    const process = await spawnReceiver({ cwd: folder, variables });
    this.processes[this.processes.length] = process;
    if (process.url !== url) throw new Error(`receiver ${index} listens at ${process.url}`);
    return process;
  }
}

/** Pino's number. */
const ERROR_LEVEL = 50;

/** A port that is free at all these addresses. */
async function freePort(hosts: readonly string[]): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(PORTS.least, PORTS.most);
    const areFree = await Promise.all(hosts.map((host) => isFree(host, port)));
    if (areFree.every(Boolean)) return port;
  }
  throw new Error('no port is free at all addresses');
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
