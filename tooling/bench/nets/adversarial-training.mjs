import { settle } from '../../../packages/core/dist/index.js';
import { pgd } from '../../../packages/attacks/dist/index.js';
import { fit, pgdAt, sgd } from '../../../packages/training/dist/index.js';
import { classifier } from './classifiers.mjs';
import { gatedBatches } from './gated-batches.mjs';
import { multiplyAdds } from './multiply-adds.mjs';
import { images } from './noise.mjs';

const epsilon = 0.1;
const attackSteps = 7;
const stepSize = (2.5 * epsilon) / attackSteps;
const learningRate = 0.01;
const momentum = 0.9;

/** One step of `fit` per call: PGD-AT, SGD with momentum, the metrics of every step read at the usual distance. */
function engine(tf, model, { x, y }) {
  const [batchSize, ...inputShape] = x.shape;
  const ids = Int32Array.from({ length: batchSize }, (_, i) => i);
  const { batches, step } = gatedBatches(() => ({ x: tf.clone(x), y: tf.clone(y), ids, extras: {} }));
  const data = {
    name: 'one batch',
    length: batchSize * 1e6, // so that no pass ends
    inputShape,
    numClasses: 10,
    bounds: [0, 1],
    hash: 'one batch',
    batches,
  };
  const run = fit({
    model,
    data,
    objective: pgdAt(),
    attack: pgd({ steps: attackSteps }),
    threat: { norm: 'linf', epsilon },
    optimizer: sgd({ momentum }),
    learningRate,
    steps: 1e6,
    batchSize,
  });
  return () => Promise.race([step(), run]);
}

/** The same by hand, in plain tfjs, without random numbers of one's own, checks, norms or logs: what the engine is measured against. */
function byHand(tf, model, { x, y }) {
  const weights = Object.values(model.weights);
  const labels = tf.oneHot(y, 10);
  const loss = (logits) => tf.losses.softmaxCrossEntropy(labels, logits);
  const gradient = tf.grad((points) => loss(model.logits(points)));
  const lower = tf.clipByValue(tf.sub(x, epsilon), 0, 1);
  const upper = tf.clipByValue(tf.add(x, epsilon), 0, 1);
  const optimizer = tf.train.momentum(learningRate, momentum);
  const rng = { uniform: (_, shape, low, high) => tf.randomUniform(shape, low, high) };
  const within = (points) => tf.minimum(tf.maximum(points, lower), upper);
  return async () => {
    let points = tf.tidy(() => within(tf.add(x, tf.randomUniform(x.shape, -epsilon, epsilon))));
    for (let i = 0; i < attackSteps; i++) {
      const next = tf.tidy(() => within(tf.add(points, tf.mul(tf.sign(gradient(points)), stepSize))));
      points.dispose();
      points = next;
      await settle(points);
    }
    const cost = optimizer.minimize(() => loss(model.logits(points, { mode: 'train', rng })), true, weights);
    // The optimizer's own state too: what is left unsettled is computed again in the next step.
    await settle(cost, ...weights, ...optimizer.accumulations.map(({ variable }) => variable));
    tf.dispose([points, cost]);
  };
}

/**
 * Builds one case, such as `smallcnn/engine` or `resnet18/byHand`: what both sides must agree on (parameters, multiply-adds of a forward pass, the first
 * logits, the loss), one step of PGD-7 adversarial training, and how many tensors there are.
 */
export async function buildTraining(tf, name, batch) {
  const [netName, kind] = name.split('/');
  const model = classifier(tf, netName);
  const x = images(tf, [batch, ...model.inputShape]);
  const labels = Int32Array.from({ length: batch }, (_, i) => i % 10);
  const y = tf.tensor1d(labels, 'int32');
  const macs = await multiplyAdds(tf, () => model.logits(x));
  const [logits, cost] = tf.tidy(() => {
    const all = model.logits(x);
    return [tf.slice(all, [0, 0], [1, 10]), tf.losses.softmaxCrossEntropy(tf.oneHot(y, 10), all)];
  });
  const described = {
    params: Object.values(model.weights).reduce((total, variable) => total + variable.size, 0),
    macs,
    logits: [...(await logits.data())],
    loss: (await cost.data())[0],
  };
  tf.dispose([logits, cost]);
  return { described, step: { engine, byHand }[kind](tf, model, { x, y }) };
}
