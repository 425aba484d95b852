// Builds miner.wasm from the kernel's source. With --check it writes nothing and fails if the committed file is not the build of its source.
// A development program: the receiver only reads the file.

import { readFileSync, writeFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';
import { kernelSource } from './generate-kernel.ts';

const TARGET = new URL('./miner.wasm', import.meta.url);
const SOURCE_NAME = 'kernel.ts';

const built = await compile(kernelSource());
if (!process.argv.includes('--check')) writeFileSync(TARGET, built);
else if (!built.equals(readFileSync(TARGET))) {
  throw new Error('miner.wasm is not the build of its source: npm run build:miner');
}

/** One page of memory holds the tables; no garbage collector, no assertions, nothing imported. */
async function compile(source: string): Promise<Buffer> {
  let binary: Uint8Array | undefined;
  const options = ['-O3', '--noAssert', '--enable', 'simd', '--runtime', 'stub', '--initialMemory', '1'];
  const { error, stderr } = await asc.main([SOURCE_NAME, ...options, '--outFile', 'miner.wasm'], {
    readFile: (name) => (name === SOURCE_NAME ? source : null),
    writeFile: (_name, contents) => {
      if (typeof contents !== 'string') binary = contents;
    },
    listFiles: () => [],
  });
  if (error || !binary) throw new Error(`AssemblyScript refuses the kernel: ${stderr.toString()}`, { cause: error });
  return Buffer.from(binary);
}
