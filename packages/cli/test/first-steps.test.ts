import { parseRecord } from '@advrob/evaluation';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { complaintsIn, runCommandLine, runHere, type Ended } from './command-line.js';

let folder = '';
const advrob = (...args: string[]): Promise<Ended> => runHere(folder, args);
const small = ['--architecture', 'mlp', '--set', 'hidden=[8]', '--take', '320', '--batch-size', '32'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advrob-first-'));
  const flags = ['--steps', '20', '--learning-rate', '0.1', '--out', 'teacher'];
  const ended = await runCommandLine(folder, ['train', ...small, ...flags]);
  expect(complaintsIn(ended.stderr, ['mlp:'])).toBe('');
  expect(ended.code).toBe(0);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('what a newcomer tries', () => {
  it('a recipe by name, which brings its own learning rate', async () => {
    const flags = ['--trainer', 'rat', '--epsilon', '0.1', '--set', 'attackSteps=2', '--steps', '2'];
    expect((await advrob('train', ...small, ...flags, '--out', 'recipe')).code).toBe(0);
    const metrics = (await readFile(join(folder, 'recipe/metrics.jsonl'), 'utf8')).trim().split('\n');
    expect((JSON.parse(metrics.at(-1)!) as { rate: number }).rate).not.toBe(0.01);
  }, 120_000);

  it('a student of a saved model, then a measurement of the folder that training wrote, which gives it its name', async () => {
    const student = await advrob(
      'train',
      ...small,
      '--objective',
      'kd',
      '--teacher',
      'teacher',
      '--steps',
      '5',
      '--out',
      'student',
    );
    expect(student.code).toBe(0);
    const transfer = [
      '--set',
      'transfer.surrogate=teacher',
      '--set',
      'transfer.attack={ name: mim, options: { steps: 3 } }',
    ];
    const flags = ['--take', '10', '--epsilon', '0.1,inf', '--attack', 'fab', '--set', 'fab.steps=3', '--checks'];
    const both = await advrob('evaluate', '--model', 'student', ...flags, '--save-adversarial', '--out', 'measured');
    expect(both.code).toBe(0);
    const record = parseRecord(await readFile(join(folder, 'measured/record.json'), 'utf8'));
    expect(record.models[0]).toMatchObject({
      name: 'student',
      attacks: [{ label: 'fab', minimal: { examples: expect.any(Number) as number } }],
    });
    expect(record.models[0]!.attacks[0]!.points[0]!.saved).toBeDefined();
    expect(record.checks.length).toBeGreaterThan(15);
    const crossed = await advrob(
      'evaluate',
      '--model',
      'student',
      '--take',
      '10',
      '--epsilon',
      '0.1',
      '--attack',
      'transfer',
      ...transfer,
      '--out',
      'crossed',
    );
    expect(crossed.code).toBe(0);
  }, 120_000);

  it('one data set with its options in every command', async () => {
    const data = ['--dataset', 'subspace', '--set', 'subspace.size=4', '--set', 'subspace.complement=2'];
    const options = ['inputShape=[4]', 'numClasses=2', 'bounds=[-20, 20]'].flatMap((each) => ['--set', `mlp.${each}`]);
    const net = ['--architecture', 'mlp', ...options, '--steps', '2'];
    const model = ['--model', 'points', '--take', '10', '--epsilon', '0.1'];
    const commands = [
      ['train', ...net, '--batch-size', '16', '--out', 'points'],
      ['evaluate', ...model, '--attack', 'fgsm', '--out', 'points-evaluated'],
      ['attack', ...model, '--attack', 'fgsm', '--out', 'points-attacked'],
      ['analyze', 'logit-statistics', ...model, '--set', 'attackSteps=2', '--out', 'points-analyzed'],
    ];
    for (const command of commands) {
      const ended = await advrob(...command, ...data);
      expect(ended.code, ended.stderr).toBe(0);
    }
  }, 120_000);

  it('a distance without a radius: no worst case, but a median', async () => {
    const flags = ['--take', '10', '--epsilon', 'inf', '--attack', 'fab', '--set', 'steps=3', '--out', 'distances'];
    const ended = await advrob('evaluate', '--model', 'teacher', ...flags);
    expect(ended.stdout).toContain('median distance');
    expect(ended.stdout).not.toContain('worst case');
  }, 120_000);

  it('again, in the folder of a training that failed at its first step', async () => {
    const failed = await advrob('train', ...small, '--objective', 'pgd-at', '--steps', '2', '--out', 'again');
    expect(failed.stderr).toContain('--attack pgd --epsilon 0.1');
    expect(failed.code).toBe(2);
    const better = ['--attack', 'pgd', '--set', 'pgd.steps=2', '--epsilon', '0.1', '--steps', '2'];
    expect((await advrob('train', ...small, '--objective', 'pgd-at', ...better, '--out', 'again')).code).toBe(0);
    const other = await advrob('train', ...small, '--objective', 'pgd-at', ...better, '--seed', '1', '--out', 'again');
    expect(other.stderr).toContain('ADVROB_RUN_MISMATCH');
  }, 120_000);
});

describe('mistakes that say what to do', () => {
  it.each([
    [['train', ...small, '--objective', 'kd', '--out', 'x'], /needs a teacher.*--teacher <file>/],
    [['train', ...small, '--trainer', 'rat', '--out', 'x'], /--trainer needs --epsilon/],
    [['train', ...small, '--set', 'hiden=[8]', '--out', 'x'], /did you mean hidden/],
    [
      ['evaluate', '--model', 'teacher', '--attack', 'transfer', '--epsilon', '0.1', '--out', 'x'],
      /transfer' needs the options surrogate \(the id of a model, or a file\) and attack/,
    ],
    [
      [
        'evaluate',
        '--model',
        'teacher',
        '--attack',
        'transfer',
        '--epsilon',
        '0.1',
        '--set',
        'transfer.surrogate=nobody',
        '--set',
        'transfer.attack=mim',
        '--out',
        'x',
      ],
      /no model 'nobody': expected a \.safetensors file/,
    ],
    [
      ['evaluate', '--model', 'teacher', '--attack', 'pgd', '--epsilon', 'inf', '--out', 'x'],
      /expected one or more finite/,
    ],
    [
      ['evaluate', '--model', 'teacher', '--attack', 'fab', '--epsilon', 'inf', '--checks', '--out', 'x'],
      /--checks needs a finite/,
    ],
    [
      ['attack', '--model', 'teacher', '--attack', 'pgd', '--epsilon', '0.1,0.2', '--out', 'x'],
      /attack takes one radius/,
    ],
    [['compare', 'teacher'], /no record\.json in teacher/],
    [['report', 'teacher', '--card'], /no record\.json in teacher/],
  ])('%j', async (args, message) => {
    const ended = await advrob(...args);
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toMatch(/ {4}at /);
    expect(ended.code).toBe(2);
  });
});

describe('the command itself', () => {
  const commandNames = async (): Promise<string[]> => {
    const { stdout } = await advrob('--help');
    return [...stdout.matchAll(/^ {2}([a-z]+)(?: |$)/gm)].map(([, name]) => name!).filter((name) => name !== 'help');
  };

  it('writes a config that it runs, and never over one that is there', async () => {
    const asked = ['init', '--model', 'teacher', '--data', 'mnist', '--epsilon', '0.1', '--out', 'mine.yaml'];
    expect((await advrob(...asked)).code).toBe(0);
    expect((await advrob(...asked)).stderr).toMatch(/mine\.yaml is there already: --force/);
    expect((await advrob(...asked, '--force')).code).toBe(0);
    // The newcomer shortens what takes long.
    const text = await readFile(join(folder, 'mine.yaml'), 'utf8');
    const quick = text
      .replace('take: 200', 'take: 10')
      .replace(/^.*autoattack.*\n/m, '')
      .replace('checks: true', 'checks: false');
    await writeFile(join(folder, 'mine.yaml'), quick);
    const ended = await advrob('run', 'mine.yaml');
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/fgsm linf 0\.1[\s\S]*pgd linf 0\.1/);
  }, 60_000);

  it.each([
    ['a folder of pictures', '.', /image-folder[\s\S]*directory: "\."[\s\S]*resize: \[28, 28\][\s\S]*channels: 1/],
    ['arrays', 'x.npz', /name: npz, options: \{ test: "x\.npz" \}/],
    ['a name', 'cifar10', /^dataset: cifar10$/m],
  ])('writes a config for %s', async (_, data, wanted) => {
    const flags = ['--model', 'teacher', '--data', data, '--epsilon', '8/255', '--out', 'other.yaml', '--force'];
    expect((await advrob('init', ...flags)).code).toBe(0);
    expect(await readFile(join(folder, 'other.yaml'), 'utf8')).toMatch(wanted);
  });

  it.each(['train', 'compare'])('writes a config to %s', async (goal) => {
    const ended = await advrob('init', '--goal', goal, '--epsilon', '0.2', '--data', 'mnist', '--out', `${goal}.yaml`);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('keeps what it does in a folder of its own when none is named: the same command in the same', async () => {
    const asked = ['evaluate', '--model', 'teacher', '--take', '5', '--attack', 'fgsm', '--epsilon', '0.1'];
    const folderOf = async (...more: string[]) =>
      /^(runs\/teacher-[0-9a-f]{6}): record\.json/m.exec((await advrob(...asked, ...more)).stdout)?.[1];
    const first = await folderOf();
    expect(first).toBeDefined();
    expect(await folderOf()).toBe(first);
    expect(await folderOf('--seed', '1')).not.toBe(first);
  }, 60_000);

  it('completes commands, flags and names of parts in bash', async () => {
    const script = (await advrob('completion', 'bash')).stdout;
    await writeFile(join(folder, 'completion.bash'), script);
    const completed = (...words: string[]): string[] => {
      const line = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _advrob; echo "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['-c', `source completion.bash; ${line}`], { cwd: folder, encoding: 'utf8' })
        .trim()
        .split(' ');
    };
    expect(completed('advrob', 'ev')).toEqual(['evaluate']);
    expect(completed('advrob', 'evaluate', '--eps')).toEqual(['--epsilon']);
    expect(completed('advrob', 'evaluate', '--attack', 'apgd')).toEqual(['apgd-ce', 'apgd-dlr', 'apgd-t']);
    expect(completed('advrob', 'evaluate', '--norm', 'l')).toEqual(['linf', 'l2', 'l1', 'l0']);
    expect(completed('advrob', 'evaluate', '--model', '')).toEqual(['']);
    expect((await advrob('completion', 'fish')).stdout).toContain(
      "-l norm -d 'of the perturbation' -x -a 'linf l2 l1 l0'",
    );
    expect((await advrob('completion', 'tcsh')).stderr).toMatch(/bash, zsh, fish/);
  });

  it('shows an example at the end of the help of every command, in 80 columns', async () => {
    const names = await commandNames();
    expect(names.length).toBeGreaterThan(12);
    for (const name of names) {
      const { stdout } = await advrob(name, '--help');
      expect(stdout, name).toMatch(new RegExp(`Examples:\\n {2}advrob ${name}`));
      expect(Math.max(...stdout.split('\n').map((line) => line.length)), name).toBeLessThanOrEqual(80);
    }
  });

  it('writes colours only where they are asked for', async () => {
    vi.stubEnv('FORCE_COLOR', '1');
    expect((await advrob('list', 'pdg')).stderr).toContain('\u001b[31madvrob:');
    vi.stubEnv('NO_COLOR', '1');
    expect((await advrob('list', 'pdg')).stderr).toMatch(/^advrob:/);
    vi.unstubAllEnvs();
    expect((await advrob('list', 'pdg')).stderr).toMatch(/^advrob:/);
  });
});
