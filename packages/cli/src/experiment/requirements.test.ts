import type { RunRecord } from '@advrob/evaluation';
import { expect, it } from 'vitest';
import { requirementsOf } from './requirements.js';

const model = { name: 'net', clean: { rate: 0.9 }, robust: { rate: 0.4 }, attacks: [] };
const record = { models: [model] } as unknown as RunRecord;

it('says each bound, and what is missed in a sentence', () => {
  expect(requirementsOf(record, { net: { cleanAtLeast: 0.9, robustAtLeast: 0.5, robustBelow: 0.4 } })).toEqual([
    { model: 'net', bound: 'clean accuracy at least 90.0%' },
    {
      model: 'net',
      bound: 'robust accuracy against all attacks at least 50.0%',
      problem: 'net: robust accuracy 40.0% against all attacks, at least 50.0% required',
    },
    {
      model: 'net',
      bound: 'robust accuracy against all attacks below 40.0%',
      problem: 'net: robust accuracy 40.0% against all attacks, below 40.0% required',
    },
  ]);
});

it('takes a rate that is no number for one that misses', () => {
  const broken = { models: [{ ...model, clean: { rate: NaN } }] } as unknown as RunRecord;
  expect(requirementsOf(broken, { net: { cleanAtLeast: 0.1 } })[0]!.problem).toContain('required');
});

it('misses models and attacks that are not there', () => {
  const problems = requirementsOf(record, { other: {}, net: { attack: 'pgd', robustAtLeast: 0 } });
  expect(problems.map(({ problem }) => problem)).toEqual([
    "there is no model 'other'",
    "model 'net' was not judged under 'pgd'",
  ]);
});
