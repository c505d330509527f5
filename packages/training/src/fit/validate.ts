import { settle, stopIfAborted, type Attack, type Classifier, type Extras, type ThreatModel } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import { labelsOf } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ValidationEvent } from './events.js';
import type { Measurement, Validation } from './options.js';
import { forgetBest, positionOf, type Best, type Run } from './run.js';
import { assignAveraged, copyValues, keepingValues } from './values.js';

/**
 * Measures the trained weights, and the averaged ones if there are any; keeps the best. Changes the
 * run only when all is measured.
 */
export async function validate<P extends Extras, E extends Extras>(run: Run<P, E>): Promise<ValidationEvent[]> {
  const { options, settings, averager } = run;
  const { model, data, validation } = options;
  if (!validation) return [];
  const found: { weights: Best['weights']; measurement: Measurement; values: Map<string, Tensor> }[] = [];
  try {
    const add = async (weights: Best['weights']): Promise<void> => {
      const measurement = await measure(run, validation);
      found.push({ weights, measurement, values: copyValues(model) });
    };
    await add('trained');
    if (averager && averager.hasAverage !== false)
      await keepingValues(model, async () => {
        await assignAveraged(model, averager.weights, data, settings);
        await add('averaged');
      });
    const { step, epoch } = positionOf(run);
    return found.map(({ weights, measurement: { score, metrics }, values }) => {
      const isBest = run.best === undefined || score > run.best.score;
      if (isBest) {
        forgetBest(run);
        run.best = { score, step, epoch, weights, values: new Map(values) };
        values.clear();
      }
      const behindBest = Math.max(0, (run.best?.score ?? score) - score);
      return { type: 'validation', step, epoch, weights, score, metrics, isBest, behindBest };
    });
  } finally {
    for (const { values } of found) for (const tensor of values.values()) tensor.dispose();
  }
}

async function measure<P extends Extras, E extends Extras>(
  run: Run<P, E>,
  { data, attack, batchSize = run.settings.batchSize, measure: own }: Validation,
): Promise<Measurement> {
  const { model, signal } = run.options;
  const { seed, threat } = run.settings;
  if (own) {
    const { epoch, step } = positionOf(run);
    return own(model, { epoch, step, seed, signal });
  }
  const sums = { loss: 0, correct: 0, robust: 0 };
  for await (const { x, y, ids, extras } of data.batches({ size: batchSize })) {
    try {
      stopIfAborted(signal);
      const { loss, correct } = await cleanSums(model, x, y);
      sums.loss += loss;
      sums.correct += correct;
      if (attack && threat) sums.robust += await countRobust(attack, model, x, y, ids, threat, seed, signal);
    } finally {
      tf.dispose([x, y, extras]);
    }
  }
  const accuracy = sums.correct / data.length;
  const robustAccuracy = sums.robust / data.length;
  return {
    score: attack ? robustAccuracy : accuracy,
    metrics: { loss: sums.loss / data.length, accuracy, ...(attack && { robustAccuracy }) },
  };
}

async function cleanSums(model: Classifier, x: Tensor, y: Tensor): Promise<{ loss: number; correct: number }> {
  const both = tf.tidy(() => {
    const logits = model.logits(x);
    const correct = tf.sum(tf.cast(tf.equal(labelsOf(logits), y), 'float32'));
    return tf.stack([tf.mul(meanCrossEntropy(logits, y), x.shape[0]!), correct]);
  });
  try {
    await settle(both);
    const [loss, correct] = await both.data();
    return { loss: loss!, correct: correct! };
  } finally {
    both.dispose();
  }
}

async function countRobust(
  attack: Attack,
  model: Classifier,
  x: Tensor,
  y: Tensor,
  ids: Int32Array,
  threat: ThreatModel,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { success, adversarial } = await attack.run(model, x, y, threat, { seed, ids, signal });
  adversarial.dispose();
  return success.reduce((count, fooled) => count + (fooled ? 0 : 1), 0);
}
