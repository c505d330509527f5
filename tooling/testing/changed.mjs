// Which tests a pull request runs: those whose task has another hash than at the commit that it goes to, where every test has passed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../fresh/prepare.mjs';

/**
 * Paths of tests for vitest whose inputs, as turbo knows them, are not those of another commit.
 *
 * @param {string} commit Anything that git resolves.
 * @returns {string[]} Such as `packages/core/`.
 */
export function changedSince(commit) {
  const place = join(mkdtempSync(join(tmpdir(), 'advrob-before-')), 'tree');
  git('worktree', 'add', '--detach', place, commit);
  try {
    const before = testHashes(place);
    return [...testHashes(root)]
      .filter(([task, { hash }]) => before.get(task)?.hash !== hash)
      .flatMap(([, { paths }]) => paths);
  } finally {
    git('worktree', 'remove', '--force', place);
    rmSync(join(place, '..'), { recursive: true });
  }
}

/** The hash of each test task, and the tests that it runs. */
function testHashes(place) {
  const { tasks } = JSON.parse(
    run(join(root, 'node_modules/.bin/turbo'), ['run', 'test', 'test:tooling', '--dry=json'], place),
  );
  const tests = tasks.filter(({ task, command }) => /^test(:tooling)?$/.test(task) && command !== '<NONEXISTENT>');
  return new Map(
    tests.map(({ taskId, hash, directory }) => [
      taskId,
      { hash, paths: directory === '' ? ['tooling/', 'studies/'] : [`${directory}/`] },
    ]),
  );
}

const git = (...args) => run('git', args, root);

function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stderr}`);
  return stdout;
}
