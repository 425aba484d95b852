// What tests of plugins need.

export { makeSealedChain, type SealedChain } from './sealed-chain.ts';
export { type PluginUnderTest, testPlugin } from './test-plugin.ts';
