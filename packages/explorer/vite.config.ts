// How the explorer is built: hashed files below assets/, nothing inline, so that the receiver can serve it under a strict policy.

import { defineConfig } from 'vite';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  // The page and the programs in its workers are modules alike.
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    // It may lie outside of this folder: scripts/build-explorer.mjs says where.
    emptyOutDir: true,
    // A small file inside a script or a style would be a data: address, which the policy refuses.
    assetsInlineLimit: 0,
    // What is built in is other people's work too: their licences go with it.
    license: { fileName: 'licences.md' },
    // The polyfill is for browsers that are too old for the rest.
    modulePreload: { polyfill: false },
    // A machine that has other work is no fault of the build.
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
});
