// What documents tell readers to type: every line that runs `advrob` has flags that its command knows, all that it requires, names that are registered and
// `--set` keys that its parts take; every piece of a config fits the schema. Nothing is run: a command stops where it would read data.
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdvrobError, type PluginKind } from '@advrob/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadExperiment } from '../../packages/cli/src/config/load.js';
import { openSweep } from '../../packages/cli/src/config/sweep.js';
import { loadRegistry } from '../../packages/cli/src/plugins/load.js';
import { main } from '../../packages/cli/src/program.js';
import { root } from '../fresh/prepare.mjs';
import { blocksOf, markdownFiles } from './blocks.mjs';

/** Where commands stop: all flags are read by then. */
const stop = (): never => {
  throw new AdvrobError('ADVROB_DATA_MISSING', 'nowhere');
};
vi.mock('../../packages/cli/src/backend/select.js', async (original) => ({
  ...(await original<object>()),
  selectBackend: async () => ({ name: 'none' }),
}));
vi.mock('../../packages/cli/src/experiment/load-data.js', async (original) => ({
  ...(await original<object>()),
  loadData: async () => stop(),
}));
vi.mock('../../packages/cli/src/scale/connect.js', () => ({ openEngine: stop, openStore: stop }));
vi.mock('../../packages/cli/src/scale/subject.js', () => ({ planSubject: stop }));
vi.mock('../../packages/cli/src/experiment/run-experiment.js', () => ({ runExperiment: async () => stop() }));
vi.mock('../../packages/cli/src/storage/lock.js', async (original) => ({
  ...(await original<object>()),
  holdFolder: (_: string, body: () => Promise<unknown>) => body(),
}));

const blocks = markdownFiles().flatMap((file) => blocksOf(file));
const commands = blocks.filter(({ language }) => language === 'sh').flatMap(commandsOf);
const yaml = blocks.filter(({ language }) => language === 'yaml');
const isSweep = ({ code }: { code: string }): boolean => /^base: /m.test(code);
const configs = yaml.filter((block) => !isSweep(block));

/** The lines of a block that run the command, as words. */
function commandsOf({ file, line, code }: { file: string; line: number; code: string }) {
  const lines = code.replace(/\\\n\s*/g, ' ').split('\n');
  return lines.flatMap((text) => {
    const [, rest] = /^(?:npx |pnpm )?advrob ([a-z].*)$/.exec(text.replace(/\s+#.*$/, '')) ?? [];
    if (rest === undefined || rest.includes('...')) return [];
    const words = [...rest.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
      ([, single, double, bare]) => single ?? double ?? bare!,
    );
    return [{ place: `${file}:${line}`, words }];
  });
}

it('finds them', () => {
  expect(commands.length).toBeGreaterThan(15);
  expect(configs.length).toBeGreaterThan(3);
});

/** The command with nothing to work on. */
function withoutInput([command, ...words]: string[]): string[] {
  const isFlagged = (i: number): boolean => words[i]!.startsWith('-') || words[i - 1]?.startsWith('-') === true;
  const flags = words.filter((_, i) => isFlagged(i));
  const overridden = flags.includes('--set') ? 'packages/cli/experiments/demo.yaml' : 'nowhere.yaml';
  if (command === 'run') return [command, overridden, ...flags];
  if (command === 'sweep') return [command, 'nowhere.yaml', ...flags];
  if (command === 'init') return [command, ...flags, '--epsilon', 'nowhere'];
  if (command === 'report' || command === 'compare' || command === 'merge') return [command, 'nowhere', ...flags];
  const others = words.filter((word, i) => word !== '--plugin' && words[i - 1] !== '--plugin');
  // What a plugin brings, and what asks for no data, ends with the plugins.
  const isAlone = others.length < words.length || ['list', 'inspect', 'export', 'verify'].includes(command!);
  return [command!, ...others, ...(isAlone ? ['--plugin', './nowhere.js'] : [])];
}

/** What a command says on standard error. */
async function saidBy(words: string[]): Promise<{ code: number; said: string }> {
  let said = '';
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      if (name === 'stderr') said += String(text);
      return true;
    }),
  );
  try {
    return { code: await main(words), said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

it.each(commands.filter(({ words }) => !['doctor', 'completion'].includes(words[0]!)))(
  '$place: advrob $words',
  async ({ words }) => {
    const { code, said } = await saidBy(withoutInput(words));
    expect(code).toBeGreaterThan(0);
    expect(said).toMatch(/^advrob: (?!unexpected).*nowhere/m);
  },
);

it('refuses a flag and a setting that there are not', async () => {
  const words = ['evaluate', '--model', 'net', '--dataset', 'image-folder', '--attack', 'pgd', '--epsilon', '0.1'];
  const refused = async (...more: string[]) => (await saidBy(withoutInput([...words, '--out', 'out', ...more]))).said;
  expect(await refused('--set', 'directory=signs')).toMatch(/--set directory: pgd has no such option/);
  expect(await refused('--set', 'image-folder.directory=signs')).toContain('nowhere');
  expect(await refused('--ataque', 'pgd')).toContain('no flag --ataque');
  expect((await saidBy(['run', 'packages/cli/experiments/demo.yaml', '--set', 'training.stebs=3'])).said).toContain(
    'stebs',
  );
});

/** Spans of code inside of sentences, by what they begin with. */
function spans(begin: RegExp): { place: string; text: string }[] {
  return markdownFiles().flatMap((file) => {
    const prose = readFileSync(join(root, file), 'utf8').replace(/```[\s\S]*?```/g, '');
    const found = [...prose.matchAll(/`([^`]+)`/g)].map(([, text]) => text!.replace(/\s+/g, ' '));
    return found.filter((text) => begin.test(text)).map((text) => ({ place: file, text }));
  });
}

it('names commands and flags in sentences that there are', async () => {
  const named = spans(/^(npx )?advrob [a-z]/).filter(({ text }) => !/\.\.\.|…/.test(text));
  expect(named.length).toBeGreaterThan(15);
  for (const { place, text } of named) {
    const [, command = '', rest = ''] = /advrob ([a-z]+)(.*)/.exec(text) ?? [];
    // An unknown flag is told of before a missing value, so nothing runs.
    for (const flag of ['--frobnicate', ...(rest.match(/--[a-z-]+/g) ?? [])]) {
      const { said } = await saidBy([command, '--frobnicate', flag]);
      expect(said, `${place}: ${text}`).not.toContain('unknown command');
      if (flag !== '--frobnicate') expect(said, `${place}: ${text}`).not.toContain(`no flag ${flag}`);
    }
  }
});

it('names programs and scripts of the repository that there are', async () => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: object };
  const lines = blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => code.split('\n'));
  const programs = lines.flatMap((text) => /^(?:node|advrob run) (\S+\.mjs|studies\/\S+)/.exec(text)?.[1] ?? []);
  const named = lines.flatMap((text) => /^(?:npm run|pnpm) ([a-z][\w:]*)/.exec(text)?.[1] ?? []);
  expect(programs.length).toBeGreaterThan(5);
  expect(programs.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  // A generated plugin has a script `list`.
  expect(named.filter((name) => !(name in scripts) && name !== 'list')).toEqual([]);
});

it('gives the scripts of studies flags that they read', async () => {
  const lines = blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => code.split('\n'));
  const calls = lines.flatMap((text) => {
    const [, script, flags] = /^node (studies\/\S+\.mjs)(.*)$/.exec(text.replace(/\s+#.*$/, '')) ?? [];
    return script === undefined
      ? []
      : [{ script, flags: [...flags!.matchAll(/--([\w-]+)/g)].map(([, flag]) => flag!) }];
  });
  expect(calls.length).toBeGreaterThan(15);
  const shared = await readFile(join(root, 'studies/shared/setup.mjs'), 'utf8');
  for (const { script, flags } of calls) {
    const own = await readFile(join(root, script), 'utf8');
    const source = own.includes('shared/setup.mjs') ? own + shared : own;
    const unknown = flags.filter((flag) => !new RegExp(`\\b${flag}'?:`).test(source));
    expect(unknown, script).toEqual([]);
  }
});

describe('names', () => {
  const kinds: Readonly<Record<string, PluginKind>> = {
    '--attack': 'attacks',
    '--objective': 'objectives',
    '--optimizer': 'optimizers',
    '--trainer': 'trainers',
    '--architecture': 'models',
    '--dataset': 'datasets',
  };
  const named = commands
    .filter(({ words }) => !words.includes('--plugin'))
    .flatMap(({ place, words }) => [
      ...words.flatMap((word, i) => (kinds[word] ? [{ place, kind: kinds[word], name: words[i + 1]! }] : [])),
      ...(words[0] === 'analyze' ? [{ place, kind: 'analyses' as const, name: words[1]! }] : []),
    ]);
  it.each(named)('$place: $name of $kind', async ({ kind, name }) => {
    expect((await loadRegistry()).find(kind, name).definition.name).toBe(name);
  });
});

describe('configs', () => {
  let folder: string;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'advrob-docs-'))));
  afterAll(() => rm(folder, { recursive: true }));

  it.each(yaml.filter(isSweep))('$file:$line, a sweep', async ({ code }) => {
    const base = join(root, 'packages/cli/experiments/demo.yaml');
    const file = join(folder, 'sweep.yaml');
    await writeFile(file, code.replace(/^base: .*$/m, `base: ${base}`));
    expect((await openSweep(file)).arms.length).toBeGreaterThan(1);
  });

  it.each(configs)('$file:$line', async ({ code }) => {
    const whole = {
      version: 1,
      name: 'piece',
      dataset: 'mnist',
      threat: { norm: 'linf', epsilon: 0.1 },
      architecture: 'mlp',
      models: [{ id: 'standard', train: {} }],
      evaluation: { attacks: [{ name: 'pgd' }] },
    };
    const own = new Set([...code.matchAll(/^(\w+):/gm)].map(([, key]) => key));
    const missing = Object.entries(whole).filter(([key]) => !own.has(key));
    const file = join(folder, 'experiment.yaml');
    await writeFile(file, [code, ...missing.map(([key, value]) => `${key}: ${JSON.stringify(value)}`)].join('\n'));
    await expect(loadExperiment(file)).resolves.toBeTruthy();
  });
});
