import { createRequire } from 'node:module';
import { build } from 'esbuild';
import type { Plugin } from 'vitest/config';

const name = '@tensorflow/tfjs-core/dist/register_all_gradients';

/**
 * tfjs' gradients from one file, as the builds of our packages have them. They are hundreds of files, which every test file loaded one by one: that took
 * more time than many of its tests.
 */
export function gradientsInOneFile(): Plugin {
  let code: Promise<string> | undefined;
  return {
    name: 'gradients-in-one-file',
    enforce: 'pre',
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load: (id) => (id === `\0${name}` ? (code ??= bundle()) : undefined),
  };
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [createRequire(import.meta.url).resolve(`${name}.js`)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
  });
  return outputFiles[0]!.text;
}
