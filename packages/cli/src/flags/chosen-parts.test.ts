import { createRegistry } from '@advrob/core';
import { expect, it } from 'vitest';
import { builtIn } from '../plugins/built-in.js';
import { chooseParts } from './chosen-parts.js';

const registry = createRegistry(builtIn);
const named = { dataset: 'cifar10', architecture: 'resnet18', attack: ['pgd', 'fgsm'] } as const;
const choose = (set: readonly string[], bare?: Parameters<typeof chooseParts>[3]) =>
  chooseParts(registry, named, set, bare);

it('gives options to data set, architecture and attacks by their names, and bare ones to those that they are for', () => {
  const set = ['cifar10.directory=data', 'resnet18.width=4', 'steps=5', 'fgsm.start=random'];
  const { dataset, architecture, attack, analysis } = choose(set, ['attack']);
  expect(dataset).toEqual([{ name: 'cifar10', options: { directory: 'data' } }]);
  expect(architecture).toEqual([{ name: 'resnet18', options: { width: 4 } }]);
  expect(attack).toEqual([
    { name: 'pgd', options: { steps: 5 } },
    { name: 'fgsm', options: { start: 'random' } },
  ]);
  expect(analysis).toEqual([]);
  expect(choose(['directory=data']).dataset[0]!.options).toEqual({ directory: 'data' });
});

it('says whose option a bare key is', () => {
  expect(() => choose(['directory=data'], ['attack'])).toThrow('for cifar10 write cifar10.directory');
  expect(() => choose(['mnist.directory=data'], ['attack'])).toThrow('there is cifar10, resnet18, pgd, fgsm');
});
