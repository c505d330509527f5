import '@tensorflow/tfjs-backend-cpu';
import { parseRecord, withoutTiming } from '@advrob/evaluation';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runHere, type Ended } from './command-line.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advrob-extension-'));
  await writeFile(join(folder, 'shift.mjs'), await shiftPlugin(0.5));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A plugin with one attack, which moves every value by a share of epsilon. */
async function shiftPlugin(share: number): Promise<string> {
  const [attack, zod, tfjs] = ['@advrob/core/attack', 'zod', '@tensorflow/tfjs-core'].map((name) =>
    JSON.stringify(import.meta.resolve(name)),
  );
  return `import { defineAttack } from ${attack};
import * as z from ${zod};
import * as tf from ${tfjs};
const shift = defineAttack({
  name: 'shift', summary: 'Moves all values.', knowledge: 'scores', norms: ['linf'], budget: 'fixed', random: false,
  options: z.strictObject({}),
  async perturb({ x, threat }) { return threat.project(tf.add(x, ${share} * threat.epsilon), x); },
});
export default { name: 'shifts', contract: 1, attacks: { shift } };
`;
}

const base = {
  version: 1,
  name: 'tiny',
  backend: { name: 'cpu' },
  dataset: { name: 'mnist', options: {} },
  threat: { norm: 'linf', epsilon: 0.1 },
  architecture: { name: 'mlp', options: { hidden: [8] } },
  training: { take: 96, batchSize: 32, steps: 4, learningRate: 0.1 },
  models: [
    { id: 'standard', train: {} },
    { id: 'robust', train: { trainer: 'fgsm-at' } },
  ],
  evaluation: {
    take: 24,
    batchSize: 12,
    attacks: [{ name: 'pgd', options: { steps: 5 } }, { name: 'fgsm' }],
    checks: { examples: 8, restarts: 2, queries: 5 },
  },
  analyses: [{ name: 'logit-statistics', models: ['standard'], take: 8, options: { attackSteps: 2 } }],
};
const third = { id: 'third', train: { steps: 3 } };
const apgd = { name: 'apgd-ce', options: { steps: 4 } };

type Config = Readonly<Record<string, unknown>>;

async function run(config: Config, out: string): Promise<Ended> {
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...base, ...config }));
  return runHere(folder, ['run', 'config.json', '--out', out]);
}

const recordOf = async (out: string) => {
  const record = withoutTiming(parseRecord(await readFile(join(folder, out, 'record.json'), 'utf8')));
  return { ...record, command: '' };
};

/** Hashes of the files of a run, by their paths in it. */
async function filesOf(out: string): Promise<Record<string, string>> {
  const files = (await readdir(join(folder, out), { recursive: true, withFileTypes: true })).filter((each) =>
    each.isFile(),
  );
  const hashes = files.map(async ({ parentPath, name }): Promise<[string, string]> => {
    const path = join(parentPath, name);
    return [
      path.slice(join(folder, out).length + 1),
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    ];
  });
  return Object.fromEntries(await Promise.all(hashes));
}

const keysOf = async (path: string): Promise<string[]> =>
  (await readFile(join(folder, path), 'utf8'))
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => (JSON.parse(line) as { key: string }).key.replace(/ of [0-9a-f]{16}$/, ''));

describe('a finished run', () => {
  beforeAll(async () => {
    const { code, stderr } = await run({}, 'base');
    expect(code, stderr).toBe(0);
  }, 120_000);

  it('gets a title, a model, attacks, a plugin and an analysis, computes these alone, and its record is that of a run which had them', async () => {
    await cp(join(folder, 'base'), join(folder, 'extended'), { recursive: true });
    const more = {
      title: 'With more',
      plugins: ['./shift.mjs'],
      models: [base.models[0]!, third, base.models[1]!],
      evaluation: { ...base.evaluation, attacks: [...base.evaluation.attacks, apgd, { name: 'shift' }] },
      analyses: [
        { name: 'logit-statistics', id: 'of-robust', models: ['robust'], take: 8, options: { attackSteps: 0 } },
        ...base.analyses,
      ],
    };
    const before = await filesOf('extended');
    const checksBefore = await keysOf('extended/models/standard/checks.jsonl');
    expect((await run(more, 'extended')).code).toBe(0);
    expect((await run(more, 'whole')).code).toBe(0);
    expect(await recordOf('extended')).toEqual(await recordOf('whole'));

    const after = await filesOf('extended');
    for (const path of ['standard/last.safetensors', 'robust/last.safetensors', 'robust/metrics.jsonl'])
      expect(after[`models/${path}`], path).toBe(before[`models/${path}`]);
    expect(await keysOf('extended/analyses/logit-statistics/analysis.jsonl')).toEqual(
      await keysOf('base/analyses/logit-statistics/analysis.jsonl'),
    );
    // The next model is another surrogate; the main attack is the same.
    const made = (await keysOf('extended/models/standard/checks.jsonl')).slice(checksBefore.length);
    expect(made).toEqual(['transfer from third/0']);
    const journal = await readFile(join(folder, 'extended/models/robust/evaluation.jsonl'), 'utf8');
    // A header, two batches under two attacks, then under two more.
    expect(journal.trim().split('\n')).toHaveLength(1 + 2 * 3 + 2 * 2);

    // Its code is part of what was computed.
    await writeFile(join(folder, 'shift.mjs'), await shiftPlugin(0.25));
    const edited = await run(more, 'extended');
    expect(edited.stderr).toMatch(/plugins\.shifts was "[0-9a-f]{64}", is "[0-9a-f]{64}"/);
    expect(edited.stderr).toContain('ADVROB_RUN_MISMATCH');
  }, 240_000);

  it.each<[string, Config, RegExp]>([
    ['a training', { training: { ...base.training, steps: 5 } }, /training\.steps: 4 -> 5/],
    ['a model less', { models: [base.models[0]!] }, /models\.robust: removed/],
    [
      'options of an attack',
      {
        evaluation: { ...base.evaluation, attacks: [{ name: 'pgd', options: { steps: 6 } }, { name: 'fgsm' }] },
      },
      /evaluation\.attacks\.0: .*"steps":5.* is not there as it was/,
    ],
    [
      'other checks',
      { evaluation: { ...base.evaluation, checks: { examples: 9 } } },
      /evaluation\.checks\.examples: 8 -> 9/,
    ],
    [
      'another analysis of the same name',
      { analyses: [{ ...base.analyses[0]!, take: 9 }] },
      /analyses\.logit-.*take: 8 -> 9/,
    ],
    ['another seed', { seed: 1 }, /seed: 0 -> 1/],
  ])('refuses %s before it computes anything, naming both', async (_, config, words) => {
    const before = await filesOf('base');
    const ended = await run(config, 'base');
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('ADVROB_RUN_MISMATCH');
    expect(ended.stderr).toMatch(words);
    expect(await filesOf('base')).toEqual(before);
  });

  it('refuses other versions and other data of the same config', async () => {
    // A record knows its ground by its hash: without one what stands there is all there is.
    await cp(join(folder, 'base'), join(folder, 'older'), { recursive: true });
    await rm(join(folder, 'older/record.json'));
    const path = join(folder, 'older/ground.json');
    const text = await readFile(path, 'utf8');
    const version = /"@advrob\/attacks": "([^"]*)"/.exec(text)![1]!;
    await writeFile(path, text.replace(`"@advrob/attacks": "${version}"`, '"@advrob/attacks": "99.0.0"'));
    const ended = await run({}, 'older');
    expect(ended.stderr).toContain(`versions.@advrob/attacks was "99.0.0", is "${version}"`);
    expect(ended.stderr).toContain('ADVROB_RUN_MISMATCH');
  });
});

describe('evaluate', () => {
  const evaluate = (...more: string[]) =>
    runHere(folder, [
      'evaluate',
      ...['--backend', 'cpu', '--model', 'base/models/standard', '--take', '8', '--epsilon', '0.1', '--checks'],
      ...['--set', 'pgd.steps=5', '--out', 'evaluated', ...more],
    ]);

  it('refuses the same weights behind another normalisation, and takes one more attack', async () => {
    expect((await evaluate('--attack', 'pgd')).code).toBe(0);
    const other = await evaluate('--attack', 'pgd', '--mean', '0.5', '--std', '0.2');
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('ADVROB_EVALUATION_MISMATCH');
    expect(other.stderr).toMatch(/model\.origin|model has the same weights but answers the same inputs otherwise/);
    expect((await evaluate('--attack', 'pgd', '--attack', 'fgsm')).code).toBe(0);
    const { models } = await recordOf('evaluated');
    expect(models[0]!.attacks.map(({ label }) => label)).toEqual(['pgd', 'fgsm']);
  }, 120_000);
});

describe('a mistake', () => {
  it.each<[string, Config, RegExp]>([
    [
      'an unknown option of the last attack',
      { evaluation: { ...base.evaluation, attacks: [{ name: 'fgsm' }, { name: 'pgd', options: { stepz: 5 } }] } },
      /stepz/,
    ],
    ['data that are not there', { dataset: { name: 'mnist', options: { directory: 'nowhere' } } }, /nowhere/],
    [
      'an analysis of weights that are not the kind it treats',
      {
        analyses: [
          {
            name: 'manipulated-distillation',
            models: { standard: 'standard', robust: 'robust', student: 'standard' },
            take: 1,
          },
        ],
      },
      /leave none to train on/,
    ],
    ['an option of an analysis', { analyses: [{ ...base.analyses[0]!, options: { attackStepz: 2 } }] }, /attackStepz/],
  ])('%s is found before anything is trained', async (_, config, words) => {
    const ended = await run(config, 'mistaken');
    expect(ended.code).not.toBe(0);
    expect(ended.stderr).toMatch(words);
    expect(await readdir(folder)).not.toContain('mistaken');
  });
});
