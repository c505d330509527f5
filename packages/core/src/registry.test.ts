import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineAttack } from './attack/define-attack.js';
import { defineDataset, defineModel, definePlugin } from './define.js';
import { AdvrobError, nearNames } from './errors.js';
import { optionNames } from './parse-options.js';
import { createRegistry } from './registry.js';
import { linearClassifier } from './testing/linear-classifier.js';

const still = defineAttack({
  name: 'still',
  summary: 'Does nothing.',
  knowledge: 'scores',
  norms: ['linf'],
  budget: 'fixed',
  options: z.strictObject({ steps: z.int().min(1).default(3), rate: z.number().positive().optional() }),
  async perturb(scope) {
    return scope.x;
  },
});
const needy = defineAttack({
  ...still.definition,
  name: 'needy',
  // What JSON cannot hold.
  options: z.strictObject({ surrogate: z.custom<string>((value) => typeof value === 'string') }),
  async perturb() {},
});
const plane = defineModel({
  name: 'plane',
  summary: 'A linear model.',
  options: z.strictObject({ size: z.int().min(1).default(2) }),
  create: ({ size }) => linearClassifier({ weights: Array.from({ length: size }, () => [1, -1]), bias: [0, 0] }),
});
const nothing = defineDataset({
  name: 'nothing',
  summary: 'Always missing.',
  options: z.strictObject({}),
  load: async () => {
    throw new AdvrobError('ADVROB_DATA_MISSING', 'there is none');
  },
});

const first = definePlugin({ name: 'first', contract: 1, attacks: { still }, models: { plane } });
const second = definePlugin({
  name: 'second',
  version: '1.2.3',
  contract: 1,
  attacks: { needy },
  datasets: { nothing },
});

describe('registry', () => {
  const registry = createRegistry([first, second]);

  it('makes parts by name with typed, validated options and defaults', () => {
    expect(registry.attack('still').options).toEqual({ steps: 3 });
    expect(registry.attack('still', { steps: 7 }).options).toEqual({ steps: 7 });
    expect(registry.attack('needy', { surrogate: 'a' }).name).toBe('needy');
    const plane = registry.model('plane', { size: 3 })(0);
    expect(plane.inputShape).toEqual([3]);
    expect(plane.origin).toEqual({ name: 'plane', options: { size: 3 } });
  });

  it('refuses unknown names, options and types, at compile time and at run time', async () => {
    // @ts-expect-error unknown name
    expect(() => registry.attack('stil')).toThrow(/did you mean still\?.*ADVROB_UNKNOWN_NAME/);
    // @ts-expect-error an attack is no model
    expect(() => registry.model('still')).toThrow('ADVROB_UNKNOWN_NAME');
    // @ts-expect-error unknown option
    expect(() => registry.attack('still', { stpes: 3 })).toThrow(
      /did you mean steps instead of stpes\?; known options: steps, rate.*ADVROB_OPTION/,
    );
    // @ts-expect-error wrong type
    expect(() => registry.attack('still', { steps: 'many' })).toThrow(/attack 'still': steps: .*ADVROB_OPTION/);
    // @ts-expect-error a required option is missing
    expect(() => registry.attack('needy')).toThrow(/surrogate.*ADVROB_OPTION/);
    expect(() => registry.attack('still', { steps: 0 })).toThrow('ADVROB_OPTION');
    await expect(registry.dataset('nothing')).rejects.toThrow('ADVROB_DATA_MISSING');
  });

  it('lists everything with its plugin, in order', () => {
    expect(registry.list().map(({ kind, name, plugin }) => `${kind}/${name} ${plugin}`)).toEqual([
      'attacks/still first',
      'models/plane first',
      'attacks/needy second',
      'datasets/nothing second',
    ]);
    expect(registry.list('attacks').map(({ name }) => name)).toEqual(['still', 'needy']);
    expect(optionNames(registry.list('models')[0]!.definition.options)).toEqual(['size']);
    expect(optionNames(registry.list('attacks')[1]!.definition.options)).toEqual(['surrogate']);
  });

  it('finds factories whose names are known at run time only', () => {
    expect(registry.find('attacks', 'still')).toBe(still);
    expect(() => registry.find('trainers', 'dale')).toThrow('none; add a plugin that brings them');
  });

  it('refuses collisions, other contract versions and what is no plugin', () => {
    const again = definePlugin({ name: 'again', contract: 1, attacks: { still } });
    expect(() => createRegistry([first, again])).toThrow(
      /first and again both bring attacks\/still.*ADVROB_NAME_COLLISION/,
    );
    const future = { name: 'future', contract: 2 } as never;
    expect(() => createRegistry([future])).toThrow(/update @advrob\/core.*ADVROB_CONTRACT_VERSION/);
    const past = { name: 'past', contract: 0 } as never;
    expect(() => createRegistry([past])).toThrow(/update past/);
    expect(() => createRegistry([{} as never])).toThrow('ADVROB_PLUGIN');
  });
});

describe('nearNames', () => {
  it('finds transpositions, prefixes and missing letters, nearest first', () => {
    const names = ['pgd', 'fgsm', 'apgd-ce', 'apgd-dlr', 'square'];
    expect(nearNames('pdg', names)).toEqual(['pgd']);
    expect(nearNames('apgd', names)).toContain('apgd-ce');
    expect(nearNames('sqare', names)).toEqual(['square']);
    expect(nearNames('transformer', names)).toEqual([]);
  });
});
