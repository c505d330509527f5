import { createRegistry, optionNames } from '@advrob/core';
import { describe, expect, expectTypeOf, it } from 'vitest';
import datasets, { mnist } from './index.js';

describe('the plugin', () => {
  const advrob = createRegistry([datasets]);

  it('lists its data sets with options', () => {
    expect(advrob.list('datasets').map(({ name }) => name)).toEqual([
      'mnist',
      'fashion-mnist',
      'idx',
      'cifar10',
      'cifar100',
      'npz',
      'image-folder',
      'parquet',
      'svhn',
      'corrupted',
      'diagonal',
      'chess',
      'subspace',
      'dead-pixels',
      'principal-components',
    ]);
    expect(optionNames(mnist.definition.options)).toEqual(['validation', 'seed', 'directory', 'maxBytes']);
  });

  it('types names and options', () => {
    expectTypeOf(advrob.dataset('cifar10', { directory: '/nowhere' }).catch(() => undefined)).not.toBeAny();
    // @ts-expect-error no such data set
    expect(() => advrob.dataset('minst')).toThrow(/mnist/);
    // @ts-expect-error the folder is required
    expect(() => advrob.dataset('cifar10')).toThrow(/directory/);
  });
});
