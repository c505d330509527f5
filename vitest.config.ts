import { defineConfig } from 'vitest/config';
import { fileURLToPath } from 'node:url';
import { gradientsInOneFile } from './tooling/testing/gradients.js';

const packages = fileURLToPath(new URL('./packages/', import.meta.url));

/** Tests run on the sources of every package, so no build is needed between an edit and a test. */
export default defineConfig({
  plugins: [gradientsInOneFile()],
  resolve: {
    alias: [
      { find: /^@advrob\/([^/]+)\/(.+)$/, replacement: `${packages}$1/src/$2.ts` },
      { find: /^@advrob\/([^/]+)$/, replacement: `${packages}$1/src/index.ts` },
    ],
  },
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'packages/*/test/**/*.test.ts',
      'packages/create-advrob-plugin/templates/*/test/*.test.ts',
      'tooling/**/*.test.ts',
    ],
    setupFiles: ['tooling/testing/seed.ts'],
    reporters: ['default', './tooling/testing/slowest.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    slowTestThreshold: 5_000,
  },
});
