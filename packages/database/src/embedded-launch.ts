// How a PostgreSQL program is run: as which user, with which privileges, with what environment. PostgreSQL refuses uid 0, so below root
// it runs as nobody, which may still search the folders on the way to the checkout and the data, whatever their modes.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { DatabaseError } from './database-error.ts';

/** Who runs the server. `other` exists only below root, and owns the cluster's files and the socket folder. */
export type ServerUser = { kind: 'self'; uid: number } | { kind: 'other'; uid: number; gid: number };

// nobody: initdb needs a passwd entry, every Linux has this one, and no system user is created.
const nobody: ServerUser = { kind: 'other', uid: 65534, gid: 65534 };

const setprivPaths = ['/usr/bin/setpriv', '/bin/setpriv', '/usr/sbin/setpriv'];
// Bits of the capability sets (linux/capability.h): CAP_DAC_READ_SEARCH and CAP_SETPCAP.
const dacReadSearchBit = 2n;
const setPcapBit = 8n;

/**
 * The user that owns the cluster, or will. Below root an existing cluster keeps its owner, so that `sudo` for once does not
 * take the data away from the user who made it.
 */
export function chooseServerUser(owner: { uid: number; gid: number } | undefined): ServerUser {
  const uid = process.getuid?.() ?? -1;
  if (uid !== 0) {
    if (owner !== undefined && owner.uid !== uid) {
      throw new DatabaseError(
        'data-folder-unusable',
        `The data folder's database belongs to user id ${owner.uid}, not to yours (${uid}): start as the same user as before (root owns it as 65534), or choose another DATA_DIR.`,
      );
    }
    return { kind: 'self', uid };
  }
  if (process.platform !== 'linux') {
    throw new DatabaseError(
      'embedded-unsupported-platform',
      'The embedded PostgreSQL cannot run for root on this system: start as an ordinary user, or set DATABASE_URL.',
    );
  }
  return owner === undefined || owner.uid === 0 ? nobody : { kind: 'other', ...owner };
}

function canPassSearchCapability(): boolean {
  const held = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  if (held === undefined) return false;
  const bits = BigInt(`0x${held}`);
  return ((bits >> dacReadSearchBit) & 1n) === 1n && ((bits >> setPcapBit) & 1n) === 1n;
}

// Keeps exactly one capability across the change of user: passing through folders of mode 700. Nothing else of root remains.
function setprivArguments(user: { uid: number; gid: number }): string[] {
  return [
    '--reuid',
    String(user.uid),
    '--regid',
    String(user.gid),
    '--clear-groups',
    '--inh-caps=-all,+dac_read_search',
    '--ambient-caps=-all,+dac_read_search',
    '--bounding-set=-all,+dac_read_search',
    '--no-new-privs',
    '--securebits=+no_setuid_fixup',
  ];
}

/**
 * Spawns `program` as `user` in `/`, with an environment of its own: PG* variables of ours would change what the server does.
 * A root without the capability to spare (some containers) or without setpriv changes the user only, which is enough where the
 * folders on the way can be searched by everybody.
 */
export function spawnAsServerUser(options: {
  user: ServerUser;
  program: string;
  programArguments: readonly string[];
  environment?: Record<string, string>;
  stdio: SpawnOptions['stdio'];
  isDetached: boolean;
}): ChildProcess {
  const { user, program } = options;
  const spawnOptions: SpawnOptions = {
    cwd: '/',
    detached: options.isDetached,
    stdio: options.stdio ?? 'ignore',
    env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC', ...options.environment },
  };
  if (user.kind === 'self') return spawn(program, options.programArguments, spawnOptions);
  const setpriv = setprivPaths.find((path) => existsSync(path));
  if (setpriv !== undefined && canPassSearchCapability()) {
    return spawn(setpriv, [...setprivArguments(user), program, ...options.programArguments], spawnOptions);
  }
  return spawn(program, options.programArguments, { ...spawnOptions, uid: user.uid, gid: user.gid });
}
