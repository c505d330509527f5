import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { gradientsInOneFile } from './tooling/testing/gradients.js';

const root = fileURLToPath(new URL('.', import.meta.url));

/** Every test of the repository. */
export default testsOf(...testsOfPackage('*'), '{tooling,studies}/**/*.test.ts');

/** The tests of one package, for `vitest` in its folder. */
export function packageTests(folder: string): ViteUserConfig {
  return testsOf(...testsOfPackage(basename(folder)));
}

function testsOfPackage(name: string): string[] {
  return ['src/**/*.test.ts', 'test/**/*.test.ts', 'templates/*/test/*.test.ts'].map(
    (file) => `packages/${name}/${file}`,
  );
}

/** Tests run on the sources of every package, so no build is needed between an edit and a test. As many files at a time as there are cores. */
function testsOf(...include: string[]): ViteUserConfig {
  return defineConfig({
    root,
    plugins: [gradientsInOneFile()],
    resolve: {
      alias: [
        { find: /^@advrob\/([^/]+)\/(.+)$/, replacement: `${root}packages/$1/src/$2.ts` },
        { find: /^@advrob\/([^/]+)$/, replacement: `${root}packages/$1/src/index.ts` },
      ],
    },
    test: {
      include,
      setupFiles: ['tooling/testing/seed.ts'],
      reporters: ['default', './tooling/testing/slowest.ts'],
      pool: 'forks',
      testTimeout: 60_000,
      hookTimeout: 60_000,
      slowTestThreshold: 5_000,
    },
  });
}
