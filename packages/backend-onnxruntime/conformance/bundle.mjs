import { build } from 'esbuild';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Bundles a module with tfjs-core and this backend from their sources, since tfjs-core's tests and gradients exist only as modules that plain
 * Node cannot load. Returns the path of the bundle, which lies inside node_modules, so that what stays external (ONNX Runtime,
 * jasmine-core) resolves as from this package.
 */
export async function bundle(entry, name) {
  const output = fileURLToPath(new URL(`../node_modules/.cache/${name}-${process.pid}/bundle.mjs`, import.meta.url));
  await build({
    entryPoints: [entry],
    outfile: output,
    bundle: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    ignoreAnnotations: true, // tfjs-core declares its tests free of side effects, so they would be shaken away
    alias: { '@advrob/core/gradients': fileURLToPath(new URL('../../core/src/gradients.ts', import.meta.url)) },
    external: ['onnxruntime-node', 'onnxruntime-common', 'jasmine-core'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  return output;
}

/** Removes a bundle that is no longer needed. */
export const discard = (output) => rmSync(dirname(output), { recursive: true, force: true });
