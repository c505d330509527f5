import { pluginKinds, type Plugin } from '@advrob/core';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One line for a plugin that a user named: what it brings, and from which version. `from` is the file that was imported. */
export function describePlugin(plugin: Plugin, from: string): string {
  const version = plugin.version ?? packageVersion(from, plugin.name);
  const parts = pluginKinds.flatMap((kind) => {
    const names = Object.keys(plugin[kind] ?? {});
    return names.length === 0 ? [] : [`${kind} ${names.join(', ')}`];
  });
  return `plugin ${plugin.name}${version === undefined ? '' : ` ${version}`}: ${parts.join('; ') || 'brings nothing'}`;
}

/** The version in the nearest package.json above the file, if that package has the plugin's name. */
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
