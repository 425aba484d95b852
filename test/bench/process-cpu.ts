// CPU time of processes, from /proc (Linux; proc(5)): of a process with all its threads, and of a PostgreSQL server with all its backends.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ownSeconds: number;
  /** Of children that have ended and were waited for. */
  readonly endedSeconds: number;
}

/** CPU seconds, user and system, of a process and everything below it, ended children included. */
export function treeCpuSeconds(pid: number): number {
  const stats = readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? []);
  const sumOf = (root: number): number =>
    stats
      .filter((stat) => stat.pid === root)
      .map((stat) => {
        const below = stats.filter((child) => child.parent === root).map((child) => sumOf(child.pid));
        return below.reduce((sum, seconds) => sum + seconds, stat.ownSeconds + stat.endedSeconds);
      })
      .reduce((sum, seconds) => sum + seconds, 0);
  return sumOf(pid);
}

/** Resident memory of one process, in bytes. */
export function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1]) * 1024;
}

function readStat(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // It ended since the folder was listed; its time is its parent's by now.
    return undefined;
  }
  // The name, in brackets, may hold anything; fields are counted from behind it (proc(5): state is field 3).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const seconds = (field: number) => Number(fields[field - 3]) / TICKS_PER_SECOND;
  return {
    pid,
    parent: Number(fields[1]),
    ownSeconds: seconds(14) + seconds(15),
    endedSeconds: seconds(16) + seconds(17),
  };
}
