// What both commands of the README do first on a fresh clone: install with the pinned pnpm, then build. Prints how long it took.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
const { packageManager } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/** Runs a command in the workspace root with its output shown, and ends this process when it fails. */
export function run(command, args, { quiet = false } = {}) {
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    encoding: 'utf8',
  });
  if (done.status === 0) return;
  if (quiet) process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`);
  process.exit(done.status ?? 1);
}

export const pnpm = (args, options) => run('npx', ['--yes', packageManager, ...args], options);

export function prepare() {
  const start = performance.now();
  console.log(`Installing and building with ${packageManager} ...`);
  pnpm(['install', '--frozen-lockfile', '--prefer-offline'], { quiet: true });
  pnpm(['run', 'build'], { quiet: true });
  const seconds = (performance.now() - start) / 1000;
  console.log(`Installed and built in ${seconds.toFixed(1)} s.`);
  return seconds;
}
