import { createRegistry, optionNames } from '@advrob/core';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import datasets, { mnist } from './index.js';

describe('the plugin', () => {
  const advrob = createRegistry([datasets]);

  it('lists its data sets with options', () => {
    expect(advrob.list('datasets').map(({ name }) => name)).toEqual(Object.keys(datasets.datasets));
    expect(optionNames(mnist.definition.options)).toEqual(['validation', 'seed', 'directory', 'maxBytes']);
  });

  it('has every data set of the sources, and the README names each', () => {
    const source = new URL('.', import.meta.url);
    const readme = readFileSync(new URL('../README.md', source), 'utf8');
    for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
      const text = readFileSync(new URL(file, source), 'utf8');
      for (const [, name] of text.matchAll(/= defineDataset\(\{\s*name: '([^']+)'/g)) {
        const listed = `packages/datasets/src/index.ts lacks '${name}' of src/${file}: export it and add it to the plugin there`;
        expect(Object.keys(datasets.datasets), listed).toContain(name);
        const described = `packages/datasets/README.md lacks '${name}': give it a row in the table 'Data sets'`;
        expect(readme.includes(`\`${name}\``), described).toBe(true);
      }
    }
  });

  it('types names and options', () => {
    expectTypeOf(advrob.dataset('cifar10', { directory: '/nowhere' }).catch(() => undefined)).not.toBeAny();
    // @ts-expect-error no such data set
    expect(() => advrob.dataset('minst')).toThrow(/mnist/);
    // @ts-expect-error the folder is required
    expect(() => advrob.dataset('cifar10')).toThrow(/directory/);
  });
});
