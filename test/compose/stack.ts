// The containers of docker-compose.yml as a test sees them: brought up below a project name of their own on free ports of this machine,
// looked at through the docker command, and taken down with their volumes and images.

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DockerComposeEnvironment } from 'testcontainers';

const root = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);
/** For what a person would wait for at most; a test that reaches it has failed. */
const pollTimeoutMs = 90_000;
const pollIntervalMs = 200;

/** A block as GET /get_chain writes it, as far as these tests look. */
export interface ChainBlock {
  readonly index: number;
  readonly hash: string;
  readonly 'previous hash': string;
  readonly data: 'Genesis Block' | readonly { readonly device: string }[];
}

export interface Stack {
  readonly receiverUrl: string;
  readonly senderUrl: string;
  /** Of the profile `ring`, once it is up. */
  readonly ring: { readonly receiverUrls: readonly string[]; readonly senderUrl: string };
  /** `docker compose up` with this .env, again as often as wanted; the default is the empty one of a fresh clone. */
  up(dotenv?: Record<string, string>): Promise<void>;
  /** `docker compose --profile ring up` with the .env of before. */
  upRing(): Promise<void>;
  /** `docker NAME … ID` for the container of this service. */
  docker(args: readonly string[], service: string, more?: readonly string[]): Promise<string>;
  /** Polls /get_chain until it is as wanted. Throws, naming `what`, after the deadline. */
  chainWhen(what: string, isAsWanted: (chain: ChainBlock[]) => boolean): Promise<ChainBlock[]>;
  /** Takes everything away: containers, networks, volumes and the images of the services. */
  down(): Promise<void>;
}

/** Prepares a stack without starting anything. */
export async function prepareStack(): Promise<Stack> {
  const project = `telltale-test-${randomBytes(4).toString('hex')}`;
  const folder = await mkdtemp(join(tmpdir(), 'telltale-compose-'));
  // A file of their own in place of the .env that a developer may have in the checkout.
  const environmentFile = join(folder, 'env');
  const [receiverPort, senderPort, ringSenderPort, ...ringPorts] = await freePorts(7);
  const ports = {
    RECEIVER_PORT: String(receiverPort),
    SENDER_PORT: String(senderPort),
    RING_SENDER_PORT: String(ringSenderPort),
    ...Object.fromEntries(ringPorts.map((port, i) => [`RING_RECEIVER_PORT_${i + 1}`, String(port)])),
  };
  const receiverUrl = `http://127.0.0.1:${receiverPort}`;
  const senderUrl = `http://127.0.0.1:${senderPort}`;

  // Cleared away by `down`, and not by the helper container of testcontainers, whose image not every machine can fetch.
  const environment = () =>
    new DockerComposeEnvironment(root, 'docker-compose.yml')
      .withProjectName(project)
      .withEnvironmentFile(environmentFile)
      .withEnvironment(ports)
      .withAutoCleanup(false);
  const containers = async (more: readonly string[]) => {
    const filter = `label=com.docker.compose.project=${project}`;
    const { stdout } = await run('docker', ['ps', '--all', '--filter', filter, ...more]);
    return stdout.split('\n').filter((line) => line !== '');
  };
  return {
    receiverUrl,
    senderUrl,
    ring: {
      receiverUrls: ringPorts.map((port) => `http://127.0.0.1:${port}`),
      senderUrl: `http://127.0.0.1:${ringSenderPort}`,
    },
    async up(dotenv = {}) {
      const lines = Object.entries(dotenv).map(([name, value]) => `${name}=${value}\n`);
      await writeFile(environmentFile, lines.join(''));
      await environment().up();
    },
    async upRing() {
      await environment().withProfiles('ring').up();
    },
    async docker(args, service, more = []) {
      const [id] = await containers(['--quiet', '--filter', `label=com.docker.compose.service=${service}`]);
      if (id === undefined) throw new Error(`there is no container of ${service}`);
      const { stdout } = await run('docker', [...args, id, ...more]);
      return stdout;
    },
    async chainWhen(what, isAsWanted) {
      const end = performance.now() + pollTimeoutMs;
      for (;;) {
        const chain = await readChain(receiverUrl);
        if (chain !== undefined && isAsWanted(chain)) return chain;
        if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
        await delay(pollIntervalMs);
      }
    },
    async down() {
      const which = ['--project-name', project, '--env-file', environmentFile, '--profile', 'ring'];
      await run('docker', ['compose', ...which, 'down', '--volumes', '--rmi', 'local'], { cwd: root });
      await rm(folder, { recursive: true });
    },
  };
}

/** Undefined while the receiver does not answer, as during its restart. */
async function readChain(receiverUrl: string): Promise<ChainBlock[] | undefined> {
  try {
    const answer = await fetch(`${receiverUrl}/get_chain`);
    return answer.ok ? JSON.parse(await answer.text()) : undefined;
  } catch {
    // Refused or cut: whoever polls asks again, until its deadline.
    return undefined;
  }
}

/** Ports that were free a moment ago. Held all at once, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
      server.close();
      await once(server, 'close');
      return address.port;
    }),
  );
}
