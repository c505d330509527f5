/** Types only, checked by tsc: the objectives, optimizers and transforms of the literature fit the contract. The formulas are abbreviated. */
import type {
  Attack,
  AttackLoss,
  AveragerBinding,
  Classifier,
  Dataset,
  Objective,
  OptimizerBinding,
  TrainingPlan,
  WorkTransform,
} from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { awp, detach, ema, fit, kd, pgdAt, randomCrop, recalibrate, sgd, withWeights } from '../src/index.js';
import { manyDraws, movingAverage, perturbed, primalDual } from './support/doubles.js';

declare function kl(p: Tensor, q: Tensor): Tensor;
declare const klLoss: AttackLoss;
declare const model: Classifier;
declare const plain: Dataset;
declare const teacherLogits: Tensor;
declare const attack: Attack;

export const trades = (beta: number): Objective<{ x: Tensor; adv: Tensor; y: Tensor }> => ({
  async prepare(batch, context) {
    return { x: batch.x, adv: await context.maximize(batch, { loss: klLoss }), y: batch.y };
  },
  loss({ x, adv, y }, model, how) {
    const clean = model.logits(x, how);
    const ce = meanCrossEntropy(clean, y);
    const divergence = kl(clean, model.logits(adv, how));
    return { total: tf.add(ce, tf.mul(beta, divergence)), terms: { ce, kl: divergence } };
  },
});

export const randomized = (): Objective<{ x: Tensor; adv: Tensor; y: Tensor }> => ({
  async prepare(batch, context) {
    const adv = await withWeights(
      context.model,
      (name, w) => (name.includes('conv') ? tf.mul(1e-4, context.rng.normal(name, w.shape)) : undefined),
      () => context.maximize(batch, { loss: klLoss }),
    );
    return { x: batch.x, adv, y: batch.y };
  },
  loss({ x, adv, y }, model, how) {
    if (!model.features || !model.head) throw new Error('needs features');
    const clean = model.features(x, how);
    const moved = model.features(adv, how);
    const hot = tf.oneHot(y as Tensor1D, model.numClasses);
    const sums = (h: Tensor) => {
      const error = tf.sub(tf.softmax(model.head!(h) as tf.Tensor2D), hot);
      return detach(tf.mean(tf.mul(error, tf.sum(h, 1, true)), 0));
    };
    const target = tf.softmax(tf.sub(sums(moved), sums(clean)) as Tensor1D);
    return { total: tf.add(meanCrossEntropy(model.head(clean), y), kl(target, model.head(moved))) };
  },
});

export const distill = (tau = 1): Objective<{ x: Tensor; t: Tensor }, { teacher: Tensor }> => ({
  async prepare(batch) {
    return { x: batch.x, t: batch.extras.teacher };
  },
  loss: ({ x, t }, model, how) => ({ total: kl(tf.div(t, tau), tf.div(model.logits(x, how), tau)) }),
});

const data = plain.withExtras({ teacher: teacherLogits });
const steps = 1;
// AWP over EntropySGD over DALE, averaged.
void fit({
  model,
  data: plain,
  objective: primalDual(0.1, 1e-3),
  optimizer: manyDraws(20),
  transforms: [perturbed(0.005)],
  attack,
  threat: { norm: 'linf', epsilon: 0.3 },
  averager: movingAverage(0.99),
  steps,
});
void fit({ model, data, objective: distill(), steps });
// @ts-expect-error the batch has no teacher logits
void fit({ model, data: plain, objective: distill(), steps });
void fit({ model, data, objective: kd({ temperature: 4 }), steps });
// @ts-expect-error kd reads the teacher's logits, which this data lacks
void fit({ model, data: plain, objective: kd(), steps });
// @ts-expect-error an option of that name there is not
void fit({ model, data, objective: kd({ temprature: 4 }), steps });
// @ts-expect-error swa and ema follow the weights, they are no transforms
void fit({ model, data: plain, objective: pgdAt(), transforms: [ema()], steps });
void fit({ model, data: plain, objective: pgdAt(), transforms: [awp()], augmentations: [randomCrop()], steps });
// Extras that nobody reads do no harm.
void fit({ model, data, objective: pgdAt(), attack, threat: { norm: 'l2', epsilon: 1 }, steps });
void recalibrate(model, data);

// A trainer's plan goes into fit as it is, and parts by name stand in one list.
declare const plan: TrainingPlan;
void fit({ model, data: plain, ...plan, epochs: 3 });
export const objectives: Objective[] = [pgdAt(), trades(6), primalDual(0.1, 1e-3)];
export const optimizers: OptimizerBinding[] = [sgd(), manyDraws(2)];
export const transforms: WorkTransform[] = [perturbed(0.01)];
export const averagers: AveragerBinding[] = [movingAverage(0.9)];
