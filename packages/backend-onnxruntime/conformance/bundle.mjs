import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
/** Inside node_modules, so that what stays external (ONNX Runtime, jasmine-core) resolves as from this package. */
const output = `${here}../node_modules/.cache/conformance/suite.mjs`;

/**
 * Bundles tfjs-core's own test suite with this backend from its sources, since the suite exists only as modules that plain Node cannot
 * load. Returns the path of the bundle.
 */
export async function bundleSuite() {
  await build({
    entryPoints: [`${here}suite.mjs`],
    outfile: output,
    bundle: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    ignoreAnnotations: true, // tfjs-core declares its tests free of side effects, so they would be shaken away
    external: ['onnxruntime-node', 'onnxruntime-common', 'jasmine-core'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  return output;
}
