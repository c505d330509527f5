import { AdvrobError, createRegistry, type Plugin, type Registry } from '@advrob/core';
import { builtIn } from './built-in.js';
import { describePlugin } from './describe.js';
import { locate } from './locate.js';

/**
 * The registry of the built-in plugins and those named: packages, or files with `./` or `/`. A name is looked up from the folder `from`.
 * Nothing else is imported. `say` is told a line for each that was named: what it brings, and from which version.
 *
 * @throws AdvrobError `ADVROB_PLUGIN` for what cannot be imported or is no plugin; see also `createRegistry`.
 */
export async function loadRegistry(
  names: readonly string[] = [],
  { from = process.cwd(), say = () => {} }: { readonly from?: string; say?(line: string): void } = {},
): Promise<Registry> {
  const named = await Promise.all(names.map((name) => loadPlugin(name, from)));
  const registry = createRegistry([...builtIn, ...named.map(({ plugin }) => plugin)]);
  for (const { plugin, file } of named) say(describePlugin(plugin, file));
  return registry;
}

async function loadPlugin(name: string, from: string): Promise<{ readonly plugin: Plugin; readonly file: string }> {
  const file = locate(name, from);
  let loaded: { default?: Plugin };
  try {
    loaded = (await import(file)) as { default?: Plugin };
  } catch (cause) {
    throw new AdvrobError(
      'ADVROB_PLUGIN',
      `plugin '${name}' cannot be imported from ${from} (${(cause as Error).message.split('\n')[0]}): install it there, or give a path that starts with ./`,
      { cause },
    );
  }
  if (typeof loaded.default?.name !== 'string')
    throw new AdvrobError(
      'ADVROB_PLUGIN',
      `plugin '${name}' has no plugin as its default export: export default definePlugin({ ... })`,
    );
  return { plugin: loaded.default, file };
}
