// What machine the figures are of, in one line.

import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';

export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memoryGiB = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} cores of ${model}, ${memoryGiB} GiB, ${platform()} ${arch()}, Node.js ${process.versions.node}`;
}
