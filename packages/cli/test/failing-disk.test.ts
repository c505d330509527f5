import { exec } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bin, runHere } from './command-line.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advrob-disk-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const points = ['--dataset', 'subspace', '--set', 'subspace.size=4', '--set', 'subspace.complement=2'];
const net = ['inputShape=[4]', 'numClasses=2', 'bounds=[-20, 20]', 'hidden=[4]'].flatMap((each) => [
  '--set',
  `mlp.${each}`,
]);
const train = [
  'train',
  '--architecture',
  'mlp',
  '--backend',
  'cpu',
  '--batch-size',
  '16',
  '--steps',
  '60',
  ...net,
  ...points,
];

it('a log that cannot be written ends a training with its error and a checkpoint, and the training goes on later', async () => {
  await mkdir(join(folder, 'logged/metrics.jsonl'), { recursive: true });
  const { code, stderr } = await runHere(folder, [...train, '--out', 'logged']);
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('ADVROB_FILE') });
  expect(stderr).toMatch(/advrob: .*metrics\.jsonl .*a folder is there/);
  expect(stderr).not.toMatch(/unexpected|\n {4}at /);
  expect(await readdir(join(folder, 'logged'))).toContain('checkpoint.safetensors');
  await rm(join(folder, 'logged/metrics.jsonl'), { recursive: true });
  expect(await runHere(folder, [...train, '--out', 'logged'])).toMatchObject({ code: 0 });
}, 60_000);

it('a place that cannot be written to is said before any work', async () => {
  await writeFile(join(folder, 'taken'), '');
  const { code, stderr } = await runHere(folder, [...train, '--out', 'taken']);
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(/^advrob: taken .*ADVROB_FILE/) });
});

/** The command in a shell. */
const inShell = (line: string): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const command = `set -o pipefail; ${line.replaceAll('advrob', `"${process.execPath}" "${bin}"`)}`;
    exec(command, { cwd: folder, shell: '/bin/bash' }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });

it('a reader that stops is no failure; an output that is not whole is one', async () => {
  expect(await inShell('advrob list attacks | head -c 1 >/dev/null')).toMatchObject({ code: 0, stderr: '' });
  const full = await inShell('advrob list attacks > /dev/full');
  expect(full).toMatchObject({ code: 1, stderr: expect.stringMatching(/^advrob: standard output .*ADVROB_DISK_FULL/) });
}, 60_000);
