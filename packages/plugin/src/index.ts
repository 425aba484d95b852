// The public face of @telltale/plugin: the contract between the receiver and its plugins.

export type {
  Environment,
  LedgerIdentity,
  PluginContext,
  ReceiverPlugin,
  RunningPlugin,
} from './plugin.ts';
export type { PluginLog } from './plugin-log.ts';
export { isPlugin, pluginFaults } from './plugin-shape.ts';
export type { FoundReading, ReadingQuery } from './query.ts';
export type { AcceptedReading, LoggedLeaf, ReadingReader, Sealing } from './reading.ts';
export type { BlockReader, SealedBlock } from './sealed-block.ts';
