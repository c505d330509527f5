import type { Json, Registry } from '@advrob/core';
import type { RunRecord } from '@advrob/evaluation';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import { pluginContents } from '../plugins/load.js';

/**
 * Versions of the command and of the packages that it stands on.
 */
function versionsOf(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const manifestOf = (name: string): { version: string; dependencies: Readonly<Record<string, string>> } =>
    JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')) as ReturnType<typeof manifestOf>;
  const others = Object.keys(manifestOf('@advrob/cli').dependencies).filter(
    (name) => name.startsWith('@advrob/') && name !== '@advrob/core',
  );
  const names = ['@advrob/core', ...[...others, '@advrob/cli'].sort()];
  return {
    '@tensorflow/tfjs-core': tf.version_core,
    ...Object.fromEntries(names.map((name) => [name, manifestOf(name).version])),
  };
}

/** What results depend on and no config says; a page can be made by any version. */
export function codeOf(registry: Registry): { readonly versions: Json; readonly plugins: Json } {
  const { '@advrob/report': _, ...versions } = versionsOf();
  return { versions, plugins: pluginContents(registry) };
}

/**
 * Where a run took place: backend, runtime, processor, versions of the command and of the packages
 * that it stands on.
 */
export function environmentOf(backend: string): RunRecord['environment'] {
  const { card } = tf.backend() as { readonly card?: string | null };
  return {
    backend: card ? `${backend} on ${card}` : backend,
    runtime: `node ${process.versions.node}`,
    platform: `${process.platform} ${process.arch}`,
    cpu: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores`,
    versions: versionsOf(),
  };
}
