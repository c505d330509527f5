import { parseRecord, withoutTiming } from '@advrob/evaluation';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bin, complaintsIn, runCommandLine, runHere, type Ended } from './command-line.js';

const points = ['--dataset', 'subspace', '--set', 'subspace.size=4', '--set', 'subspace.complement=2'];
const evaluation = [
  ...['evaluate', '--backend', 'cpu', '--threads', '1', '--model', 'net', ...points, '--batch-size', '2'],
  ...[
    '--attack',
    'pgd',
    '--set',
    'pgd.steps=50',
    '--set',
    'pgd.stepSize=0.1',
    '--epsilon',
    '0.5,3',
    '--save-adversarial',
  ],
];

let home = '';
const read = (path: string): Promise<string> => readFile(join(home, path), 'utf8');
/** The record without times, as it would be in a folder `single`. */
async function recordOf(folder: string): Promise<unknown> {
  const text = (await read(`${folder}/record.json`)).replaceAll(`--out ${folder}`, '--out single');
  return JSON.parse(
    JSON.stringify(withoutTiming(parseRecord(text.replaceAll(`"out": "${folder}"`, '"out": "single"')))),
  );
}

/** The children of a process, as Linux knows them. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

/** Starts an evaluation with two jobs and tells of each piece that it keeps, until it ends. */
async function withTwoJobs(
  folder: string,
  onPieces: (pieces: number, parent: number) => Promise<unknown>,
): Promise<Ended> {
  const child = spawn(process.execPath, [bin, ...evaluation, '--jobs', '2', '--out', folder], { cwd: home });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let code: number | null | undefined;
  void ended.then((found) => (code = found));
  while (code === undefined) {
    const journal = await read(`${folder}/evaluation.jsonl`).catch(() => '');
    await onPieces(journal.split('\n').length - 2, child.pid!);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { code, ...said };
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'advrob-jobs-'));
  const net = ['--set', 'mlp.hidden=[8]', '--set', 'mlp.inputShape=[4]', '--set', 'mlp.numClasses=2'];
  const train = [...points, '--architecture', 'mlp', ...net, '--set', 'mlp.bounds=[-20,20]', '--steps', '20'];
  const args = ['train', '--backend', 'cpu', ...train, '--learning-rate', '0.05', '--out', 'net'];
  expect((await runHere(home, args)).code).toBe(0);
  const single = await runHere(home, [...evaluation, '--out', 'single']);
  expect(single.code, single.stderr).toBe(0);
}, 120_000);
afterAll(() => rm(home, { recursive: true, force: true }));

it('two jobs give the record, the lines and the adversarial examples of one process', async () => {
  const { code, stderr } = await runCommandLine(home, [...evaluation, '--jobs', '2', '--out', 'two']);
  expect(code, stderr).toBe(0);
  expect(complaintsIn(stderr, ['net', 'warning: net'])).toBe('');
  expect(await recordOf('two')).toEqual(await recordOf('single'));
  expect(await read('two/examples.jsonl')).toBe(await read('single/examples.jsonl'));
  const files = async (folder: string): Promise<string[]> =>
    (await readdir(join(home, folder), { recursive: true })).sort();
  expect(await files('two')).toEqual(await files('single'));
}, 60_000);

it.runIf(existsSync('/proc/self/task'))(
  'a job that is killed is named, and its batch computed again',
  async () => {
    let killed = 0;
    const { code, stderr } = await withTwoJobs('killed', async (pieces, parent) => {
      if (killed > 0 || pieces < 2) return;
      [killed = 0] = await childrenOf(parent);
      if (killed > 0) process.kill(killed, 'SIGKILL');
    });
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(
      new RegExp(
        `warning: job . of 2 \\(process ${killed}\\) was ended by SIGKILL while at batch \\d+: the batch is computed again`,
      ),
    );
    expect(await recordOf('killed')).toEqual(await recordOf('single'));
  },
  60_000,
);

it.runIf(existsSync('/proc/self/task'))(
  'Ctrl-C ends all processes, and one process goes on from there',
  async () => {
    let jobs: number[] = [];
    const { code, stderr } = await withTwoJobs('stopped', async (pieces, parent) => {
      if (jobs.length > 0 || pieces < 2) return;
      jobs = await childrenOf(parent);
      // As a terminal does: to every process of it.
      for (const pid of [...jobs, parent]) process.kill(pid, 'SIGINT');
    });
    expect(code, stderr).toBe(130);
    expect(stderr).toContain('stopped; the same command goes on from here');
    expect(jobs).toHaveLength(2);
    for (const pid of jobs) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    const before = (await read('stopped/evaluation.jsonl')).split('\n').length;
    expect(before).toBeGreaterThan(2);
    const ended = await runCommandLine(home, [...evaluation, '--out', 'stopped']);
    expect(ended.code, ended.stderr).toBe(0);
    expect(await recordOf('stopped')).toEqual(await recordOf('single'));
  },
  60_000,
);
