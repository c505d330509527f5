import { AdvrobError, createRegistry } from '@advrob/core';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { builtIn } from '../plugins/built-in.js';
import { checkParts } from './check-parts.js';
import { openExperiment } from './load.js';

const registry = createRegistry(builtIn);

/** What is said of a config, each line without the folder of its file. */
async function saysOf(text: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'advrob-parts-'));
  try {
    const file = join(folder, 'x.yaml');
    await writeFile(file, text);
    const { experiment, placeOf } = await openExperiment(file);
    checkParts(experiment, registry, placeOf);
    return [];
  } catch (error) {
    const { code, message } = error as AdvrobError;
    expect(code).toBe('ADVROB_CONFIG');
    return message.replace(' [ADVROB_CONFIG]', '').replaceAll(`${folder}/`, '').split('\n');
  } finally {
    await rm(folder, { recursive: true });
  }
}

it('tells all unknown names, keys and values of parts at once, each with its place', async () => {
  const says = await saysOf(`version: 1
name: small
dataset:
  name: corrupted
  options:
    dataset: { name: mnits }
    corruption: fgo
    severty: 3
threat: { norm: linf, epsilon: 0.1 }
architecture: mlpp
training:
  objective: pgd-ta
  attack: { name: pgd, options: { stpes: 5, steps: 0 } }
  transforms: [awpp]
models:
  - id: one
    train: { steps: 3, optimizer: sdg }
evaluation:
  attacks:
    - { name: transfer, options: { surrogate: one, attack: { name: mimm } } }
    - { name: pgd, loss: margn }
analyses: [flatnes]
`);
  expect(says).toEqual([
    'x.yaml:7:17: dataset.options.corruption: expected ' +
      `${says[0]!.slice(says[0]!.indexOf('gaussian'), says[0]!.indexOf(', got'))}, got "fgo"; did you mean fog?`,
    'x.yaml:8:14: dataset.options.severty: corrupted has no such option; did you mean severity?',
    "x.yaml:6:22: dataset.options.dataset.name: no data set 'mnits': did you mean mnist?",
    "x.yaml:10:15: architecture.name: no architecture 'mlpp': did you mean mlp?",
    "x.yaml:12:14: training.objective.name: no objective 'pgd-ta': did you mean pgd-at?",
    'x.yaml:13:52: training.attack.options.steps: expected at least 1, got 0',
    'x.yaml:13:42: training.attack.options.stpes: pgd has no such option; did you mean steps?',
    "x.yaml:14:16: training.transforms.0.name: no transform 'awpp': did you mean awp?",
    "x.yaml:17:35: models.0.train.optimizer.name: no optimizer 'sdg': did you mean sgd?",
    "x.yaml:20:68: evaluation.attacks.0.options.attack.name: no attack 'mimm': did you mean mim or bim?",
    "x.yaml:22:12: analyses.0.name: no analysis 'flatnes': did you mean flatness?",
    "x.yaml:21:26: evaluation.attacks.1.loss: no loss 'margn': did you mean margin?",
  ]);
});

it('says nothing of a config whose parts are there, whatever models its options name', async () => {
  const says = await saysOf(`version: 1
name: small
dataset: { name: corrupted, options: { dataset: mnist, corruption: fog } }
threat: { epsilon: 0.1 }
models:
  - { id: one, architecture: { name: mlp, options: { hidden: [8] } }, train: { objective: pgd-at, attack: pgd } }
  - { id: two, architecture: mlp, train: { objective: { name: kd-at, options: { standard: one, robust: one } }, attack: pgd } }
evaluation:
  attacks: [{ name: transfer, options: { surrogate: one, attack: mim } }, { name: fab, epsilon: .inf }]
`);
  expect(says).toEqual([]);
});
