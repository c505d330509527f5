import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { createRegistry } from '@advrob/core';
import { analysisContract } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import plugin, { logitComparison, logitStatisticsAnalysis, manipulatedDistillation } from './index.js';
import { smallContext } from '../test/support/situation.js';

beforeAll(() => tf.setBackend('cpu'));

const rows = {
  'logit-statistics': () => logitStatisticsAnalysis({ attackSteps: 3, batchSize: 20 }),
  'logit-comparison': () => logitComparison({ attackSteps: 3, attackLoss: 'margin', exemplars: 4, batchSize: 20 }),
  'manipulated-distillation': () =>
    manipulatedDistillation({
      manipulations: ['M0', 'M2', 'M9'],
      epochs: 2,
      trainBatchSize: 12,
      attackSteps: 2,
      shares: [1],
    }),
};

describe.each(Object.entries(rows))('analysis %s', (_, make) => {
  for (const { name, run } of analysisContract<string>(make(), smallContext)) it(name, run);
});

it('every analysis of the plugin has its row, and a registry finds them with their options', () => {
  expect(Object.keys(rows)).toEqual(Object.keys(plugin.analyses));
  const registry = createRegistry([plugin]);
  expect(registry.analysis('logit-comparison', { exemplars: 25 }).roles).toEqual(['standard', 'robust']);
  expect(registry.trainer('distillation', { loss: 'mse' }).objective.origin).toMatchObject({ name: 'kd' });
  for (const [name, make] of Object.entries(plugin.analyses)) {
    expect(make.definition.name).toBe(name);
    expect(() => make({ batchSise: 3 } as never)).toThrow(/did you mean batchSize.*ADVROB_OPTION/);
  }
});
