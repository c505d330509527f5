// All packages of the workspace as tarballs, for checks that install them as a user would.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../fresh/prepare.mjs';

/** Packs every package into `folder`: tarball paths by package name. */
export function packAll(folder) {
  return Object.fromEntries(
    readdirSync(join(root, 'packages')).map((name) => {
      const path = join(root, 'packages', name);
      const { status, stdout, stderr } = spawnSync('pnpm', ['pack', '--pack-destination', folder, '--json'], {
        cwd: path,
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`${name}: pnpm pack failed: ${stderr || stdout}`);
      const { filename } = JSON.parse(stdout.slice(stdout.indexOf('{')));
      return [JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')).name, filename];
    }),
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
    'overrides:',
    ...overrides,
    '',
  ].join('\n');
}
