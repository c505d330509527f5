import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { broadcastsQuickly } from './tooling/testing/cpu.js';
import { gradientsInOneFile } from './tooling/testing/gradients.js';

const root = fileURLToPath(new URL('.', import.meta.url));

/**
 * Packages whose test files share their processes: each module is loaded once per process, which saves half of the
 * time. What a test changes for good, such as a backend, must stay in its file (tooling/testing/fresh.ts). The files
 * of all others, which register backends and start programs, have a process each.
 */
const sharing = [
  'core',
  'training',
  'evaluation',
  'report',
  'models',
  'datasets',
  'onnx',
  'certification',
  'zoo',
  'trainers-*',
  'analysis-*',
];
const alone = ['backend-onnxruntime', 'cli', 'create-advrob-plugin', 'scale', 'scale-bullmq', 'store-s3'];

/** Every test of the repository. */
export default testsOf([
  // A group of their own: their processes keep what ONNX Runtime compiled.
  project('attacks', ['attacks'], false),
  project('sharing', sharing, false),
  project('alone', alone, true, ['{tooling,studies}/**/*.test.ts']),
]);

/** The tests of one package, for `vitest` in its folder. */
export function packageTests(folder: string): ViteUserConfig {
  const name = basename(folder);
  return testsOf([project(name, [name], alone.includes(name))]);
}

function project(name: string, packages: readonly string[], isolate: boolean, others: readonly string[] = []) {
  const files = ['src/**/*.test.ts', 'test/**/*.test.ts', 'templates/*/test/*.test.ts'];
  const include = [...packages.flatMap((folder) => files.map((file) => `packages/${folder}/${file}`)), ...others];
  return { extends: true as const, test: { name, include, isolate } };
}

/** Tests run on the sources of every package, so no build is needed between an edit and a test. As many files at a time as there are cores. */
function testsOf(projects: ReturnType<typeof project>[]): ViteUserConfig {
  return defineConfig({
    root,
    plugins: [gradientsInOneFile(), broadcastsQuickly()],
    resolve: {
      alias: [
        { find: /^@advrob\/([^/]+)\/(.+)$/, replacement: `${root}packages/$1/src/$2.ts` },
        { find: /^@advrob\/([^/]+)$/, replacement: `${root}packages/$1/src/index.ts` },
      ],
    },
    test: {
      projects,
      setupFiles: ['tooling/testing/fresh.ts'],
      reporters: ['default', './tooling/testing/slowest.ts'],
      pool: 'forks',
      maxWorkers: availableParallelism(),
      testTimeout: 60_000,
      hookTimeout: 60_000,
      slowTestThreshold: 5_000,
    },
  });
}
