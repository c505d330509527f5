import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { pgd } from '@advrob/attacks';
import { registerOnnxRuntime } from '@advrob/backend-onnxruntime';
import { createRegistry, type Classifier, type Dataset, type Json } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import { createThreat } from '@advrob/core/threat';
import { mnist } from '@advrob/datasets';
import { fromLayersModel, mlp } from '@advrob/models';
import { erm, fit, pgdAt } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import plugin from '../src/index.js';
import { logitComparison } from '../src/analyses/logit-comparison.js';
import { logitStatistics } from '../src/logit-statistics.js';
import { logitStatisticsAnalysis } from '../src/analyses/logit-statistics.js';
import { noMemo } from './support/situation.js';

type Values = Readonly<Record<string, Float32Array>>;

let test: Dataset;
const threat = createThreat({ norm: 'linf', epsilon: 0.03 }, [0, 1]);
const trained: Values[] = [];

const architecture = mlp({ hidden: [32] });
async function valuesOf(model: Classifier): Promise<Values> {
  const entries = Object.entries(model.weights);
  return Object.fromEntries(
    await Promise.all(entries.map(async ([name, weight]) => [name, (await weight.data()) as Float32Array] as const)),
  );
}
function modelOf(values: Values): Classifier {
  const model = architecture(0);
  for (const [name, weight] of Object.entries(model.weights))
    tf.tidy(() => weight.assign(tf.tensor(values[name]!, weight.shape)));
  return model;
}

beforeAll(async () => {
  registerOnnxRuntime({ deterministic: true, threads: 1 });
  await tf.setBackend('onnxruntime');
  const splits = await mnist();
  test = splits.test.take(200);
  for (const plan of [{ objective: erm() }, { objective: pgdAt(), attack: pgd({ steps: 3 }), threat }]) {
    const model = architecture(0);
    await fit({ ...plan, model, data: splits.train.take(2000), learningRate: 0.05, epochs: 6, batchSize: 50 });
    trained.push(await valuesOf(model));
    model.dispose!();
  }
});

/** The largest difference of two results anywhere, relative to 1 or to the number where that is larger; Infinity where they have another form. */
function farthest(a: Json, b: Json): number {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) / Math.max(1, Math.abs(a));
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b ? 0 : Infinity;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  if (left.length !== right.size) return Infinity;
  return Math.max(
    0,
    ...left.map(([key, value]) => (right.has(key) ? farthest(value as Json, right.get(key) as Json) : Infinity)),
  );
}

describe('the comparison of a standard and an adversarially trained model on MNIST', () => {
  async function compareOn(backend: string) {
    await tf.setBackend(backend);
    const [standard, robust] = trained.map(modelOf) as [Classifier, Classifier];
    const analysis = logitComparison({ attackSteps: 5, attackLoss: 'margin', exemplars: 5, points: 50 });
    const site = { data: test, threat, rng: createRandom({ seed: 0 }), memo: noMemo };
    const before = tf.memory().numTensors;
    const result = await analysis.analyze({ ...site, models: { standard, robust } });
    expect(tf.memory().numTensors).toBe(before);
    standard.dispose!();
    robust.dispose!();
    return result;
  }
  const numbersOf = (result: Awaited<ReturnType<typeof compareOn>>, inputs: string): Json =>
    Object.entries(result.statistics).map(([who, byInputs]) => {
      const { measures, accuracy, maxGapCorrelation, centredMaxGapCorrelation } = byInputs[inputs]!;
      const distributions = Object.values(measures).map(({ histogram: _, quantiles: __, ...rest }) => rest);
      return [who, accuracy, maxGapCorrelation, centredMaxGapCorrelation, ...distributions];
    });

  it('is the same on the cpu backend and in ONNX Runtime to 1e-4, at adversarial examples to 1e-2, and has the signs of the paper', async () => {
    const [fast, plain] = [await compareOn('onnxruntime'), await compareOn('cpu')];
    expect(farthest(numbersOf(fast, 'clean'), numbersOf(plain, 'clean'))).toBeLessThan(1e-4);
    expect(farthest(numbersOf(fast, 'adversarial'), numbersOf(plain, 'adversarial'))).toBeLessThan(1e-2);
    for (const key of ['confidence', 'ordering', 'maps'] as const)
      expect(farthest(fast[key], plain[key]), key).toBeLessThan(key === 'maps' ? 1e-4 : 1e-3);
    const shown = ({ exemplars }: typeof fast): number[] =>
      [exemplars.byConfidence, exemplars.byRank].flatMap(({ positive, negative }) =>
        [...positive, ...negative].map(({ id }) => id),
      );
    expect(shown(fast)).toEqual(shown(plain));
    // Claim L1: smaller logits and gaps by adversarial training; claim L2: other examples are the confident ones.
    const { standard, robust } = plain.statistics;
    expect(robust['clean']!.measures.gap.mean).toBeLessThan(standard['clean']!.measures.gap.mean);
    expect(robust['clean']!.measures.centredMax.mean).toBeLessThan(standard['clean']!.measures.centredMax.mean);
    expect(plain.confidence.spearman).toBeLessThan(0.99);
    expect(robust['adversarial']!.accuracy).toBeGreaterThan(standard['adversarial']!.accuracy);
  });
});

describe('a layers model of anyone', () => {
  it('is analysed by the name of the analysis, and has the logits that it predicts', async () => {
    await tf.setBackend('cpu');
    const layers = tfl.sequential({
      layers: [
        tfl.layers.flatten({ inputShape: [28, 28, 1] }),
        tfl.layers.dense({ units: 10, kernelInitializer: tfl.initializers.heNormal({ seed: 5 }) }),
      ],
    });
    const model = await fromLayersModel(layers, { bounds: [0, 1] });
    const data = test.take(60);
    const analysis = createRegistry([plugin]).analysis('logit-statistics', { attackSteps: 2 });
    const site = { data, threat, rng: createRandom({ seed: 0 }), memo: noMemo };
    const { statistics } = await analysis.analyze({ ...site, models: { model } });
    for await (const { x, y } of data.batches({ size: 60 })) {
      const mean = tf.tidy(() => tf.mean(tf.max(layers.predict(x) as tf.Tensor, 1)));
      expect(statistics['clean']!.measures.max.mean).toBeCloseTo((await mean.data())[0]!, 5);
      tf.dispose([mean, x, y]);
    }
    const { accuracy } = await logitStatistics(model, data);
    expect(statistics['adversarial']!.accuracy).toBeLessThanOrEqual(accuracy);
  });

  it('with a softmax that nobody announced is refused with the reason', async () => {
    await tf.setBackend('cpu');
    const model = architecture(0);
    const soft: Classifier = { ...model, logits: (x) => tf.tidy(() => tf.softmax(model.logits(x))) };
    const site = { data: test.take(20), threat, rng: createRandom({ seed: 0 }), memo: noMemo };
    await expect(logitStatisticsAnalysis().analyze({ ...site, models: { model: soft } })).rejects.toThrow(
      /model 'model' gives probabilities, not logits/,
    );
    model.dispose!();
  });
});
