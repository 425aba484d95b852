// Loaded into a process before its program: at the end it tells its parent, on descriptor 3, the most memory that it held (kilobytes).

import { existsSync, readFileSync, writeSync } from 'node:fs';

const STATUS = '/proc/self/status';

process.on('exit', () => {
  // Linux carries a parent's high-water mark over fork and exec into getrusage(2): what counts here is this program's own, VmHWM of proc(5).
  const own = existsSync(STATUS) ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(STATUS, 'utf8'))?.[1] : undefined;
  writeSync(3, own ?? String(process.resourceUsage().maxRSS));
});
