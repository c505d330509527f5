import * as tf from '@tensorflow/tfjs-core';
import { permutation } from '../../random.js';
import { ensure } from '../check.js';
import { curvedProblem, type CurvedProblem } from './curved-problem.js';
import { ensureEqual, runOn, type AttackCheck, type Situation, type WatchedRun } from './situation.js';

/** Runs on the examples at `order`, each under its own id, and compares with what the whole batch gave. */
async function compareAlone(situation: Situation, whole: WatchedRun, order: Int32Array): Promise<void> {
  const { attack, norm, epsilon, problem, options } = situation;
  const at = tf.tensor1d(order, 'int32');
  const [x, y] = [tf.gather(problem.x, at), tf.gather(problem.y, at)];
  const part = await attack.run(problem.model, x, y, { norm, epsilon }, { ids: order, seed: 3 });
  const points = await part.adversarial.data();
  const size = points.length / order.length;
  order.forEach((example, i) => {
    const who = `example ${example} in a batch of ${order.length}`;
    ensure(part.success[i] === whole.result.success[example], `${who}: another success`);
    ensure(part.queries[i] === whole.result.queries[example], `${who}: another number of queries`);
    const own = whole.points.subarray(example * size, (example + 1) * size);
    ensureEqual(points.subarray(i * size, (i + 1) * size) as Float32Array, own, options.tolerance ?? 0, who);
  });
  tf.dispose([at, x, y, part.adversarial]);
}

/** The same for `maximize`, whose points show every draw, also those of failures. */
async function compareMaximized(situation: Situation, order: Int32Array): Promise<void> {
  const { attack, norm, epsilon, problem, options } = situation;
  const at = tf.tensor1d(order, 'int32');
  const [x, y] = [tf.gather(problem.x, at), tf.gather(problem.y, at)];
  const { points } = await situation.maximized();
  const part = await attack.maximize(problem.model, x, y, { norm, epsilon }, { seed: 3, step: 4, ids: order });
  const size = points.length / problem.labels.length;
  const wanted = [...order].flatMap((i) => [...points.subarray(i * size, (i + 1) * size)]);
  const who = `maximized points of examples ${order.join()} in a batch of ${order.length}`;
  ensureEqual(await part.data(), wanted, options.tolerance ?? 0, who);
  tf.dispose([at, x, y, part]);
}

/** Flags, and the points of `run` and `maximize` one after the other, of the examples at `order`. */
async function valuesOn({ attack, norm, epsilon, options }: Situation, problem: CurvedProblem, order: Int32Array) {
  const at = tf.tensor1d(order, 'int32');
  const [x, y] = [tf.gather(problem.x, at), tf.gather(problem.y, at)];
  const threat = { norm, epsilon };
  const { adversarial, success } = await attack.run(problem.model, x, y, threat, { seed: 3, ids: order });
  const tensors = [adversarial];
  if (options.maximizes !== false)
    tensors.push(await attack.maximize(problem.model, x, y, threat, { seed: 3, step: 4, ids: order }));
  const values = await Promise.all(tensors.map((tensor) => tensor.data()));
  tf.dispose([at, x, y, ...tensors]);
  return { success, values };
}

/** That a result depends on seed and example alone. */
export const batchChecks: Readonly<Record<string, AttackCheck>> = {
  'gives the same bits for the same seed': async (situation) => {
    const [first, second] = [await situation.usual(), await runOn(situation, { seed: 3 })];
    ensureEqual(await second.adversarial.data(), first.points, 0, 'points of a second run');
    ensureEqual(second.queries, first.result.queries, 0, 'queries of a second run');
    second.adversarial.dispose();
  },
  'draws anew for another seed, if it draws at all': async (situation) => {
    if (!situation.options.differsBySeed) return;
    const [first, second] = [await situation.usual(), await runOn(situation, { seed: 4 })];
    const other = await second.adversarial.data();
    ensure(
      first.points.some((value, i) => value !== other[i]),
      'seeds 3 and 4 gave the same points, though the test says differsBySeed',
    );
    second.adversarial.dispose();
  },
  'gives each example the same result in any batch and order': async (situation) => {
    const whole = await situation.usual();
    const n = situation.problem.labels.length;
    for (const i of [3, n - 1]) await compareAlone(situation, whole, Int32Array.of(i));
    await compareAlone(situation, whole, permutation(0, 'order', n));
    await compareAlone(situation, whole, permutation(1, 'order', n).slice(0, 7));
    if (situation.options.maximizes === false) return;
    await compareMaximized(situation, Int32Array.of(n - 1));
    await compareMaximized(situation, permutation(1, 'order', n).slice(0, 7));
  },
  'gives each example the same result in any batch on a curved model': async (situation) => {
    // A compiling backend rounds each batch size in its own way, and where gradients turn that grows: there the linear model has to do.
    if (situation.options.tolerance) return;
    const n = situation.problem.labels.length;
    const problem = curvedProblem(situation.problem);
    try {
      const whole = await valuesOn(situation, problem, permutation(0, 'order', n).sort());
      for (const order of [Int32Array.of(n - 1), permutation(1, 'order', n).slice(0, 7)]) {
        const part = await valuesOn(situation, problem, order);
        const who = `examples ${order.join()} of a curved model in a batch of ${order.length}`;
        ensureEqual(
          part.success,
          [...order].map((i) => whole.success[i]!),
          0,
          `success of ${who}`,
        );
        part.values.forEach((points, k) => {
          const size = points.length / order.length;
          const wanted = [...order].flatMap((i) => [...whole.values[k]!.subarray(i * size, (i + 1) * size)]);
          ensureEqual(points, wanted, 0, `${k === 0 ? 'points' : 'maximized points'} of ${who}`);
        });
      }
    } finally {
      problem.dispose();
    }
  },
  'loses nothing by more restarts': async (situation) => {
    const { attack, options } = situation;
    if (options.restarts === false || attack.definition.random === false) return;
    const [one, three] = [await situation.usual(), await runOn(situation, { seed: 3, restarts: 3 })];
    one.result.success.forEach((hit, i) =>
      ensure(!hit || three.success[i] === 1, `example ${i} withstood three restarts`),
    );
    three.adversarial.dispose();
  },
  'takes one-hot labels': async (situation) => {
    const { attack, norm, epsilon, problem } = situation;
    const y = tf.oneHot(problem.y as tf.Tensor1D, problem.model.numClasses);
    const wanted = await situation.usual();
    const found = await attack.run(problem.model, problem.x, y, { norm, epsilon }, { seed: 3 });
    ensureEqual(found.success, wanted.result.success, 0, 'success with one-hot labels');
    tf.dispose([y, found.adversarial]);
  },
};
