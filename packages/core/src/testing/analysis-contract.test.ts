import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { AnalysisContext, Dataset, Json } from '../contract/index.js';
import { defineAnalysis } from '../define.js';
import { createRandom } from '../random.js';
import { createThreat } from '../threat.js';
import { analysisContract } from './analysis-contract.js';
import { linearClassifier } from './linear-classifier.js';

type Analyze = (context: AnalysisContext<'model'>) => Promise<Json>;

const make = (analyze: Analyze) =>
  defineAnalysis({ name: 'spread', summary: 'Mean weight.', roles: ['model'], options: z.strictObject({}), analyze })();

const sound: Analyze = ({ models, memo, rng }) =>
  memo('mean', async () => {
    const mean = tf.tidy(() => tf.add(tf.mean(models.model.weights['weight']!), tf.mean(rng.normal('noise', [3]))));
    const [value] = await mean.data();
    mean.dispose();
    return { mean: value! };
  });

const context = async (): Promise<Omit<AnalysisContext<'model'>, 'memo'>> => ({
  models: { model: linearClassifier({ weights: [[1, -1]], bias: [0, 0] }) },
  data: {} as Dataset,
  threat: createThreat({ norm: 'linf', epsilon: 0.1 }, [0, 1]),
  rng: createRandom({ seed: 1 }),
});

const failures = async (analyze: Analyze): Promise<string[]> => {
  const failed: string[] = [];
  for (const { name, run } of analysisContract(make(analyze), context)) await run().catch(() => failed.push(name));
  return failed;
};

beforeAll(() => tf.setBackend('cpu'));

describe('analysisContract', () => {
  it('passes a sound analysis', async () => {
    expect(await failures(sound)).toEqual([]);
  });

  it.each<[string, Analyze, string]>([
    ['NaN', async () => ({ mean: NaN }), 'the result is plain JSON'],
    ['its own random numbers', async () => ({ mean: Math.random() }), 'the same context gives the same result'],
    [
      'changing memo keys',
      async ({ memo }) => memo(`part ${Math.random()}`, async () => 1),
      'a resumed run takes finished parts from the record and ends the same',
    ],
    [
      'a leak',
      async () => {
        tf.zeros([1]);
        return 1;
      },
      'nothing is left in memory, and weights stay as they are',
    ],
    [
      'a changed weight',
      async ({ models }) => {
        const weight = models.model.weights['weight']!;
        tf.tidy(() => weight.assign(tf.mul(weight, 2)));
        return 1;
      },
      'nothing is left in memory, and weights stay as they are',
    ],
  ])('catches %s', async (_what, analyze, name) => {
    expect(await failures(analyze)).toContain(name);
  });
});
