import { AdvrobError, createRegistry, pluginKinds, type Plugin, type Registry } from '@advrob/core';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtIn } from './built-in.js';
import { locate } from './locate.js';

/**
 * The registry of the built-in plugins and those named: packages, or files with `./` or `/`. A name
 * is looked up from the folder `from`. Nothing else is imported. `say` is told a line for each that
 * was named: what it brings, and from which version.
 *
 * @throws AdvrobError `ADVROB_PLUGIN` for what cannot be imported or is no plugin; see also
 *   `createRegistry`.
 */
export async function loadRegistry(
  names: readonly string[] = [],
  { from = process.cwd(), say = () => {} }: { readonly from?: string | undefined; say?(line: string): void } = {},
): Promise<Registry> {
  const named = await Promise.all(names.map((name) => loadPlugin(name, from)));
  const registry = createRegistry([...builtIn, ...named.map(({ plugin }) => plugin)]);
  for (const { plugin, file } of named) {
    say(describePlugin(plugin, file));
    contents.set(plugin, contentHash(file));
  }
  return registry;
}

/** Of plugins that a user named: a hash of their files. */
const contents = new WeakMap<Plugin, string>();

/** The plugins of a registry that a user named, each with a hash of its files. */
export function pluginContents({ plugins }: Registry): Record<string, string> {
  return Object.fromEntries(
    plugins.flatMap((plugin) => (contents.has(plugin) ? [[plugin.name, contents.get(plugin)!]] : [])),
  );
}

/**
 * SHA-256 of a file and of all that it imports by relative paths, in the order in which they are
 * met: what a user edits of a plugin. Packages that it imports are not looked into.
 */
function contentHash(file: string): string {
  const hash = createHash('sha256');
  const seen = new Set<string>();
  const visit = (url: string): void => {
    if (seen.has(url) || !url.startsWith('file:') || !existsSync(fileURLToPath(url))) return;
    seen.add(url);
    const text = readFileSync(fileURLToPath(url), 'utf8');
    hash.update(text);
    for (const [, path] of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g))
      visit(new URL(path!, url).href);
  };
  visit(file);
  return hash.digest('hex');
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

/**
 * One line for a plugin that a user named: what it brings, and from which version. `from` is the
 * file that was imported.
 */
function describePlugin(plugin: Plugin, from: string): string {
  const version = plugin.version ?? packageVersion(from, plugin.name);
  const parts = pluginKinds.flatMap((kind) => {
    const names = Object.keys(plugin[kind] ?? {});
    return names.length === 0 ? [] : [`${kind} ${names.join(', ')}`];
  });
  return `plugin ${plugin.name}${version === undefined ? '' : ` ${version}`}: ${parts.join('; ') || 'brings nothing'}`;
}

/**
 * The version in the nearest package.json above the file, if that package has the plugin's name.
 */
function packageVersion(from: string, name: string): string | undefined {
  if (!from.startsWith('file:')) return undefined;
  for (let folder = dirname(fileURLToPath(from)); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    if (!existsSync(path)) continue;
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as { name?: string; version?: string };
    return manifest.name === name ? manifest.version : undefined;
  }
  return undefined;
}
