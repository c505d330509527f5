import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadExperiment } from './load.js';
import { savedConfig } from './schema.js';

const minimal = `version: 1
name: small
dataset: mnist
threat:
  norm: linf
  epsilon: 8/255
models:
  - id: one
    architecture: mlp
    train: { steps: 3 }
evaluation:
  attacks:
    - { name: pgd, options: { steps: 5 }, epsilon: [0.1, "2/255"] }
`;
let folder = '';
const write = async (text: string, name = 'experiment.yaml'): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advrob-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('loadExperiment', () => {
  it('fills in defaults, short forms and fractions', async () => {
    const experiment = await loadExperiment(await write(minimal));
    expect(experiment.dataset).toEqual({ name: 'mnist', options: {} });
    expect(experiment.threat!.epsilon).toBe(8 / 255);
    expect(experiment.evaluation!.attacks[0]!.epsilon).toEqual([0.1, 2 / 255]);
    expect(experiment.backend).toEqual({ deterministic: true });
    expect(experiment.seed).toBe(0);
  });

  it('takes overrides by dotted path, into lists by index, id or name', async () => {
    const file = await write(minimal);
    const experiment = await loadExperiment(file, [
      'seed=7',
      'models.one.train.steps=9',
      'evaluation.attacks.0.options.steps=11',
      'threat.epsilon=0.5',
    ]);
    expect(experiment.seed).toBe(7);
    expect(experiment.models[0]!.train!.steps).toBe(9);
    expect(experiment.evaluation!.attacks[0]!.options['steps']).toBe(11);
    expect(experiment.threat!.epsilon).toBe(0.5);
    await expect(loadExperiment(file, ['models.two.train.steps=9'])).rejects.toThrow("no entry 'two'");
  });

  it('takes no bound for attacks that look for a minimal norm, and saves it as it can be read again', async () => {
    for (const text of ['.inf', 'inf', '[0.1, .inf]']) {
      const file = await write(minimal.replace('[0.1, "2/255"]', text));
      const experiment = await loadExperiment(file);
      expect([experiment.evaluation!.attacks[0]!.epsilon].flat().at(-1)).toBe(Infinity);
      const saved = await write(JSON.stringify(savedConfig(experiment)), 'saved.json');
      expect(await loadExperiment(saved)).toEqual(experiment);
    }
    await expect(loadExperiment(await write(minimal.replace('8/255', '.inf')))).rejects.toThrow(/threat\.epsilon/);
  });

  it.each([
    ['two models of one id', minimal.replace('evaluation:', '  - { id: one }\nevaluation:'), /models\.1\.id: .*'one'/],
    [
      'bounds for a model that is not there',
      `${minimal}  require: { two: { cleanAtLeast: 0.5 } }\n`,
      /evaluation\.require\.two: .*there is one/,
    ],
    [
      'an unknown key',
      minimal.replace('dataset: mnist', 'dataset: mnist\ndatset: cifar'),
      /:4:9: datset: unknown key; did you mean dataset\?/,
    ],
    [
      'a wrong type',
      minimal.replace('steps: 3', 'steps: many'),
      /:10:21: models\.0\.train\.steps: expected a number, got "many"/,
    ],
    ['a value out of range', minimal.replace('epsilon: 8/255', 'epsilon: -1'), /:6:12: threat\.epsilon: above 0/],
    [
      'an unknown key inside',
      minimal.replace('steps: 3', 'stpes: 3'),
      /:10:21: models\.0\.train\.stpes: unknown key; did you mean steps\?/,
    ],
    ['a missing key', minimal.replace('name: small\n', ''), /: name: missing: expected text/],
    [
      'an unknown key of a part',
      minimal.replace('dataset: mnist', 'dataset: { name: mnist, optoins: {} }'),
      /:3:\d+: dataset\.optoins: unknown key; did you mean options\?/,
    ],
    [
      'a part that is none',
      minimal.replace('dataset: mnist', 'dataset: 3'),
      /:3:10: dataset: expected text, or an object/,
    ],
    ['broken YAML', 'models: [1, 2', /:1:\d+: /],
    ['another version', minimal.replace('version: 1', 'version: 2'), /:1:10: version: expected 1, got 2/],
    [
      'an identifier that is no folder name',
      minimal.replace('id: one', 'id: ../one'),
      /:8:9: models\.0\.id: lower case letters/,
    ],
  ])('says where and what is wrong: %s', async (_what, text, message) => {
    await expect(loadExperiment(await write(text))).rejects.toThrow(message);
  });

  it('says when there is no such file', async () => {
    await expect(loadExperiment(join(folder, 'none.yaml'))).rejects.toThrow('ADVROB_CONFIG');
  });

  it('reads TypeScript', async () => {
    const body = JSON.stringify({
      version: 1,
      name: 'typed',
      dataset: 'mnist',
      threat: { epsilon: 0.1 },
      models: [{ id: 'a', architecture: 'mlp' }],
      evaluation: { attacks: [{ name: 'fgsm' }] },
    });
    const file = await write(
      `const config: { version: number } = ${body};\nexport default config;\n`,
      'advrob.config.ts',
    );
    vi.stubEnv('TMPDIR', folder);
    expect((await loadExperiment(file)).name).toBe('typed');
    vi.unstubAllEnvs();
    // Compiled code that lies where others write would be run the next time.
    expect(await readdir(folder)).not.toContain('jiti');
    await write('export default {;', 'broken.ts');
    await expect(loadExperiment(join(folder, 'broken.ts'))).rejects.toThrow(/cannot run .*broken\.ts.*ADVROB_CONFIG/s);
    await expect(loadExperiment(join(folder, 'none.ts'))).rejects.toThrow('ADVROB_CONFIG');
  });

  it('takes aliases for what was named before', async () => {
    const text = minimal.replace('steps: 3', 'steps: &count 3').replace('steps: 5', 'steps: *count');
    expect((await loadExperiment(await write(text))).evaluation!.attacks[0]!.options['steps']).toBe(3);
  });

  it.each([
    ['of nothing', 'name: *nobody', /:1:7: \*nobody stands for nothing.*ADVROB_CONFIG/],
    ['of themselves', 'name: &self [1, *self]', /:1:17: \*self stands inside of what it stands for.*ADVROB_CONFIG/],
    [
      'that multiply',
      [
        'a: &a [x]',
        ...[...'bcdefg'].map((b, i) => `${b}: &${b} [${Array(9).fill(`*${'abcdefg'[i]}`).join(', ')}]`),
      ].join('\n'),
      /Excessive alias count.*ADVROB_CONFIG/,
    ],
    ['in a text nested without end', `name: ${'['.repeat(30_000)}`, /ADVROB_CONFIG/],
  ])('refuses aliases %s', async (_, text, message) => {
    await expect(loadExperiment(await write(text))).rejects.toThrow(message);
  });
});
