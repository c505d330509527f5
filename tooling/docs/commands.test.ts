// What documents tell readers to type: every line that runs `advrob` has flags that its command knows, all that it requires, and names that are registered;
// every piece of a config fits the schema.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PluginKind } from '@advrob/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadExperiment } from '../../packages/cli/src/config/load.js';
import { loadRegistry } from '../../packages/cli/src/plugins/load.js';
import { main } from '../../packages/cli/src/program.js';
import { root } from '../fresh/prepare.mjs';
import { blocksOf, markdownFiles } from './blocks.mjs';

const blocks = markdownFiles().flatMap((file) => blocksOf(file));
const commands = blocks.filter(({ language }) => language === 'sh').flatMap(commandsOf);
const configs = blocks.filter(({ language }) => language === 'yaml');

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

/** The command with nothing to work on, so that it stops right after its flags were read. */
function withoutInput([command, ...words]: string[]): string[] {
  if (command === 'run' || command === 'report' || command === 'compare')
    return [
      command,
      'nowhere.yaml',
      ...words.filter((word, i) => word.startsWith('-') || words[i - 1]?.startsWith('-')),
    ];
  const others = words.flatMap((word, i) => (word === '--plugin' || words[i - 1] === '--plugin' ? [] : [word]));
  return [command!, ...others, '--plugin', './nowhere.js'];
}

it.each(commands.filter(({ words }) => words[0] !== 'doctor'))('$place: advrob $words', async ({ words }) => {
  let said = '';
  const listen = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  try {
    expect(await main(withoutInput(words))).toBeGreaterThan(0);
  } finally {
    listen.mockRestore();
  }
  expect(said).toMatch(/^advrob: (?!unexpected).*nowhere/s);
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
