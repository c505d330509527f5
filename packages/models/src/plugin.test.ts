import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import models from './index.js';

it('the README has every architecture with its number of parameters', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const [name, factory] of Object.entries(models.models)) {
    const model = factory()(0);
    const count = Object.values(model.weights).reduce((sum, { size }) => sum + size, 0);
    expect(readme).toMatch(new RegExp(`\\| \`${name}\` .*\\| ${count.toLocaleString('en')} +\\|`));
    model.dispose!();
  }
});
