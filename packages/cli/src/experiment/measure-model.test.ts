import { expect, it } from 'vitest';
import { methodOf } from './measure-model.js';

const part = (name: string) => ({ name, options: {} });

it('names every part that a model was trained with', () => {
  expect(methodOf({})).toBe('erm');
  expect(methodOf({ objective: part('pgd-at') })).toBe('pgd-at');
  expect(methodOf({ objective: part('pgd-at'), optimizer: part('entropy-sgd') })).toBe('pgd-at with entropy-sgd');
  expect(
    methodOf({ trainer: part('dale'), objective: part('trades'), transforms: [part('awp')], averager: part('swa') }),
  ).toBe('dale with trades, awp and swa');
  expect(methodOf({ optimizer: part('adam') })).toBe('erm with adam');
});
