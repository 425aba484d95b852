// Finds and loads what PLUGINS names, and lets each plugin read its variables. The only place where code that is not the receiver's own comes in;
// with nothing named, nothing is loaded.

import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Environment, isPlugin, pluginFaults, type ReceiverPlugin } from '@telltale/plugin';
import { ConfigError } from '../config.ts';
import { ReceiverError } from '../errors.ts';

export interface LoadedPlugin {
  readonly plugin: ReceiverPlugin;
  /** What its `variables` returned. */
  readonly configuration: unknown;
}

/**
 * Loads these modules one after the other. A specifier that begins with `.`, `/` or `file:` is a path from `folder`; any other names a package, as
 * `folder` finds it or else as the receiver does. Throws ReceiverError `plugin-failed` for one that cannot be loaded or is no plugin, and
 * ConfigError that tells what every plugin says of its variables.
 */
export async function loadPlugins(
  specifiers: readonly string[],
  from: { folder: string; environment: Environment },
): Promise<LoadedPlugin[]> {
  const plugins: ReceiverPlugin[] = [];
  for (const specifier of specifiers) {
    const plugin = await loadPlugin(specifier, from.folder);
    if (plugins.some(({ name }) => name === plugin.name)) {
      throw new ReceiverError('plugin-failed', `plugin ${specifier}: another plugin is called ${plugin.name} too`);
    }
    plugins.push(plugin);
  }
  return configure(plugins, from.environment);
}

async function loadPlugin(specifier: string, folder: string): Promise<ReceiverPlugin> {
  let module: object;
  try {
    module = await import(locate(specifier, folder));
  } catch (cause) {
    throw new ReceiverError('plugin-failed', `plugin ${specifier} cannot be loaded: ${messageOf(cause)}`, { cause });
  }
  const exported: unknown = Reflect.get(module, 'plugin');
  if (isPlugin(exported)) return exported;
  throw new ReceiverError('plugin-failed', `plugin ${specifier}: ${pluginFaults(exported).join('; ')}`);
}

/** What `import` takes for it. */
function locate(specifier: string, folder: string): string {
  if (specifier.startsWith('file:')) return pathToFileURL(fileURLToPath(specifier)).href;
  if (/^[./]/.test(specifier)) return pathToFileURL(resolve(folder, specifier)).href;
  try {
    const found = createRequire(join(folder, 'package.json')).resolve(specifier);
    return isAbsolute(found) ? pathToFileURL(found).href : found;
  } catch {
    // Not installed there, or only for `import`: then it is the receiver's to find, and to say that it is nowhere.
    return specifier;
  }
}

function configure(plugins: readonly ReceiverPlugin[], environment: Environment): LoadedPlugin[] {
  const faults: string[] = [];
  const loaded = plugins.map((plugin) => {
    try {
      return { plugin, configuration: plugin.variables?.(environment) };
    } catch (error) {
      faults.push(`plugin ${plugin.name}: ${messageOf(error)}`);
      return { plugin, configuration: undefined };
    }
  });
  if (faults.length > 0) throw new ConfigError(`wrong configuration: ${faults.join('; ')}`);
  return loaded;
}

/** In one line: what an operator reads. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n')[0] ?? '';
}
