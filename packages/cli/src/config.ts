// The variables that the CLI reads, those that it sets, and those that it hands on. The only file here that sees process.env.

import { constants, enableCompileCache } from 'node:module';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';

/** libuv's own size of its thread pool: never fewer, so that reading files does not wait behind signatures. */
const LEAST_POOL_THREADS = 4;

export type CliConfig = Readonly<{
  /** Verifier keys of the ledgers that this user trusts, where --known names no other file. */
  knownKeysFile: string;
  /** Folder of what `watch` has seen, where --state names no other file. */
  stateFolder: string;
  adminToken: string | undefined;
  enrollmentToken: string | undefined;
}>;

/** Reads the environment. An empty variable counts as unset. */
export function loadConfig(): CliConfig {
  const configHome = variable('XDG_CONFIG_HOME') ?? join(homedir(), '.config');
  const stateHome = variable('XDG_STATE_HOME') ?? join(homedir(), '.local', 'state');
  return Object.freeze({
    knownKeysFile: join(configHome, 'telltale', 'known-keys'),
    stateFolder: join(stateHome, 'telltale'),
    adminToken: variable('ADMIN_TOKEN'),
    enrollmentToken: variable('ENROLLMENT_TOKEN'),
  });
}

/**
 * Keeps compiled code for the next run, as long as the folder can be written: stripping types and compiling took 0.25 s of CPU, against 0.1
 * from there (measured). Call this before the rest is loaded, so that it covers it. Threads hear of it by the environment.
 */
export function keepCompiledCode(): void {
  if (variable('NODE_COMPILE_CACHE') !== undefined) return;
  // The user's own folder, never one that others can write to: what lies there is run.
  const folder = join(variable('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'telltale', 'compiled');
  const { status } = enableCompileCache(folder);
  if (status === constants.compileCacheStatus.ENABLED) process.env['NODE_COMPILE_CACHE'] = folder;
}

/**
 * One thread a core for checking signatures, unless the user said otherwise. libuv reads the variable when the pool starts, which is at its
 * first use: call this before any file is read.
 */
export function useAllCores(): void {
  if (variable('UV_THREADPOOL_SIZE') !== undefined) return;
  process.env['UV_THREADPOOL_SIZE'] = String(Math.max(LEAST_POOL_THREADS, availableParallelism()));
}

function variable(name: string): string | undefined {
  const value = process.env[name];
  return value === '' ? undefined : value;
}

/** This process's environment with some variables set otherwise, for a process that it starts. */
export function environmentWith(variables: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...variables };
}
