import '@tensorflow/tfjs-backend-cpu';
import type { AnyFactory } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { smallModels } from '../test/small-models.js';
import type { ArchitectureDefinition, ArchitectureOptions } from './architecture.js';
import plugin, { compactCnn, resnet18, smallCnn } from './plugin.js';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

/** Number of trained parameters of an architecture by default. None of them is drawn. */
function parametersOf(factory: AnyFactory): number {
  const { options, restore } = factory.definition as unknown as ArchitectureDefinition<unknown, ArchitectureOptions>;
  const defaults = (options as unknown as { parse(given: object): ArchitectureOptions }).parse({});
  const model = restore(defaults, (_name, shape) => tf.zeros([...shape]));
  const count = Object.values(model.weights).reduce((sum, { size }) => sum + size, 0);
  model.dispose();
  return count;
}

it('the README has every architecture with its number of parameters', () => {
  const readme = read('../README.md');
  for (const [name, factory] of Object.entries(plugin.models)) {
    const count = parametersOf(factory).toLocaleString('en');
    const remedy = "correct its row in the table 'Architectures' there";
    expect(readme, `packages/models/README.md lacks '${name}' with ${count} parameters: ${remedy}`).toMatch(
      new RegExp(`\\| \`${name}\` .*\\| ${count} +\\|`),
    );
  }
});

it('every architecture is listed, has a small version and numbers by PyTorch', () => {
  const names = Object.keys(plugin.models);
  for (const file of readdirSync(new URL('architectures', import.meta.url)))
    for (const [, name] of read(`architectures/${file}`).matchAll(/= defineArchitecture\(\{\s*name: '([^']+)'/g))
      expect(
        names,
        `packages/models/src/plugin.ts lacks '${name}' of architectures/${file}: export and list it there`,
      ).toContain(name);
  for (const name of names) {
    const small = `packages/models/test/small-models.ts lacks '${name}': give it a small version there`;
    expect(Object.keys(smallModels), small).toContain(name);
    const remedy = 'add it to CASES of tooling/oracle/models/make_fixtures.py and run that';
    const isThere = existsSync(new URL(`../test/fixtures/${name}.json`, import.meta.url));
    expect(isThere, `packages/models/test/fixtures lacks ${name}.json: ${remedy}`).toBe(true);
  }
});

/**
 * Multiply-adds of one forward pass for one image: weights of a layer times the places that it is
 * applied to.
 */
function multiplyAdds(places: Record<string, number>, weights: Readonly<Record<string, tf.Tensor>>): number {
  return Object.entries(places).reduce((sum, [name, count]) => sum + count * weights[`${name}.weight`]!.size, 0);
}

it('compact-cnn has about a million multiply-adds', () => {
  const model = compactCnn()(0);
  expect(multiplyAdds({ conv1: 14 * 14, conv2: 14 * 14, fc1: 1, fc2: 1 }, model.weights)).toBe(1_082_560);
  model.dispose!();
});

it('the published networks have their published sizes', () => {
  expect([smallCnn, resnet18].map(parametersOf)).toEqual([312_202, 11_173_962]);
});
