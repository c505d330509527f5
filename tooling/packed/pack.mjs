// All packages of the workspace as tarballs, for checks that install them as a user would.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../fresh/prepare.mjs';

/** Packs every package into `folder`, all in one process: tarball paths by package name. */
export function packAll(folder) {
  const args = ['--recursive', '--filter', './packages/*', 'pack', '--pack-destination', folder, '--json'];
  const { status, stdout, stderr } = spawnSync('pnpm', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`pnpm pack failed: ${stderr || stdout}`);
  return Object.fromEntries(JSON.parse(stdout).map(({ name, filename }) => [name, filename]));
}

/** A command that the workspace has installed, by its path: npx would take longer to find it than many of them to run. */
export const tool = (name) => join(root, 'node_modules/.bin', name);

/** Versions of the workspace's catalog by package. */
export function catalog() {
  const text = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  return Object.fromEntries(
    [...text.matchAll(/^ {2}'?([@\w/.-]+)'?: (\d\S+)$/gm)].map(([, name, version]) => [name, version]),
  );
}

/** A pnpm-workspace.yaml that takes our packages from tarballs and runs no install script. */
export function workspaceFile(tarballs, packages = []) {
  const overrides = Object.entries(tarballs).map(([name, file]) => `  '${name}': 'file:${file}'`);
  return [
    ...(packages.length > 0 ? ['packages:', ...packages.map((each) => `  - ${each}`)] : []),
    'autoInstallPeers: false',
    'allowBuilds:',
    '  core-js: false',
    '  onnxruntime-node: false',
    '  esbuild: false',
    '  msgpackr-extract: false',
    'overrides:',
    ...overrides,
    '',
  ].join('\n');
}
