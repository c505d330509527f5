import * as tf from '@tensorflow/tfjs-core';
import type { Classifier } from '../../contract/index.js';
import { ensure } from '../check.js';
import { linearProblem } from './linear-problem.js';
import { ensureEqual, ensureInside, runOn, type AttackCheck, type Situation } from './situation.js';

async function dataOf(tensor: tf.Tensor): Promise<Float32Array> {
  return (await tensor.data()) as Float32Array;
}

async function predictions(model: Classifier, x: tf.Tensor): Promise<Int32Array> {
  const labels = tf.tidy(() => tf.argMax(model.logits(x), 1));
  const values = (await labels.data()) as Int32Array;
  labels.dispose();
  return values;
}

async function checkOutcome(situation: Situation): Promise<void> {
  const { norm, epsilon, problem, options, attack } = situation;
  const { model, x, labels, mislabelled } = problem;
  const { result, shape, points, cleanBefore: clean, cleanAfter } = await situation.usual();
  const n = labels.length;
  ensure(shape.join() === x.shape.join(), `points have shape [${shape.join()}]`);
  ensureInside(points, clean, n, norm, epsilon);
  ensureEqual(cleanAfter, clean, 0, 'the clean examples after the attack');
  const adversarial = tf.tensor(points, x.shape);
  const predicted = await predictions(model, adversarial);
  adversarial.dispose();
  const distances = problem.distances(norm);
  for (let i = 0; i < n; i++) {
    ensure(result.prediction[i] === predicted[i], `example ${i}: the reported prediction is not that of the point`);
    ensure(
      Boolean(result.success[i]) === (predicted[i] !== labels[i]),
      `example ${i}: success ${result.success[i]!}, but label ${labels[i]!} is predicted as ${predicted[i]!}`,
    );
    ensure(
      !result.success[i] || distances[i]! <= result.distance[i]! * (1 + 1e-4) + 1e-5,
      `example ${i} was fooled at distance ${result.distance[i]!}, though every closer point than ${distances[i]!} is classified rightly`,
    );
    ensure(
      result.success[i] === 1 || distances[i]! > (options.reach ?? 0) * epsilon,
      `example ${i} was not fooled within ${epsilon}, though the boundary is at ${distances[i]!}`,
    );
  }
  const size = clean.length / n;
  for (const i of mislabelled) {
    ensure(result.fooledBy[i] === 'clean' && result.queries[i] === 0, `clean error ${i} was attacked`);
    ensureEqual(points.subarray(i * size, (i + 1) * size), clean.subarray(i * size, (i + 1) * size), 0, `error ${i}`);
  }
  result.fooledBy.forEach((name, i) =>
    ensure(result.success[i] ? name !== null : name === null, `example ${i}: fooledBy '${name}' of '${attack.name}'`),
  );
}

async function checkNothingWithin(situation: Situation, epsilon: number): Promise<void> {
  const { problem } = situation;
  const result = await runOn(situation, {}, epsilon);
  ensure(
    result.success.every((hit, i) => Boolean(hit) === problem.mislabelled.includes(i)),
    `something was fooled within ${epsilon}: ${result.success.join()}`,
  );
  ensureEqual(await dataOf(result.adversarial), await dataOf(problem.x), 0, 'points of failures');
  result.adversarial.dispose();
}

/** Runs on the same examples with other logits. */
async function runOnLogits(situation: Situation, logits: (x: tf.Tensor) => tf.Tensor): Promise<void> {
  const { problem, norm, epsilon } = situation;
  const model: Classifier = { ...problem.model, logits };
  const result = await situation.attack.run(model, problem.x, problem.y, { norm, epsilon });
  ensureInside(await dataOf(result.adversarial), await dataOf(problem.x), problem.labels.length, norm, epsilon);
  result.adversarial.dispose();
}

/** What `run` finds and reports. */
export const outcomeChecks: Readonly<Record<string, AttackCheck>> = {
  'stays in the ball and the bounds, tells the truth, leaves clean errors alone and fools what it should': checkOutcome,
  'finds nothing within a radius of 0': (situation) => checkNothingWithin(situation, 0),
  'finds nothing where nothing is, and returns the clean examples': async (situation) => {
    const nearest = Math.min(...[...situation.problem.distances(situation.norm)].filter((distance) => distance > 0));
    await checkNothingWithin(situation, situation.norm === 'l0' ? nearest - 1 : nearest * 0.98);
  },
  'returns the examples themselves where the model has no gradient': async ({ attack, norm, epsilon, problem }) => {
    const { numClasses } = problem.model;
    const logits: Classifier['logits'] = (x) =>
      tf.tidy(() => tf.tile(tf.expandDims(tf.linspace(0, 1, numClasses), 0), [x.shape[0]!, 1]));
    const y = tf.fill([problem.labels.length], numClasses - 1, 'int32');
    const result = await attack.run({ ...problem.model, logits }, problem.x, y, { norm, epsilon });
    ensure(!result.success.some(Boolean), `something was fooled: ${result.success.join()}`);
    ensureEqual(await dataOf(result.adversarial), await dataOf(problem.x), 0, 'points');
    tf.dispose([y, result.adversarial]);
  },
  'survives a model with equal logits': (situation) => {
    const { numClasses } = situation.problem.model;
    return runOnLogits(situation, (x) => tf.zeros([x.shape[0]!, numClasses]));
  },
  'survives a saturated model': ({ problem, ...rest }) =>
    runOnLogits({ problem, ...rest }, (x) => tf.tidy(() => tf.mul(problem.model.logits(x), 1e4))),
  'survives examples at the bounds': async (situation) => {
    const problem = await linearProblem(situation.problem.model.inputShape, 'at the bounds');
    try {
      await runOnLogits({ ...situation, problem }, problem.model.logits);
    } finally {
      problem.dispose();
    }
  },
  'reaches target classes and only them': async (situation) => {
    const { problem, options } = situation;
    const { model, labels } = problem;
    const wanted = labels.map((label) => (label + 1) % model.numClasses);
    const targets = tf.tensor1d(wanted, 'int32');
    const result = await runOn(situation, { targets }, situation.epsilon * (situation.norm === 'l0' ? 2 : 4));
    const predicted = await predictions(model, result.adversarial);
    tf.dispose([targets, result.adversarial]);
    const reached = predicted.filter((label, i) => label === wanted[i]).length;
    result.success.forEach((hit, i) =>
      ensure(!hit || predicted[i] === wanted[i], `example ${i} counts as success but is predicted as ${predicted[i]!}`),
    );
    ensure(!options.reach || reached > labels.length / 2, `reached ${reached} of ${labels.length} targets`);
  },
};
