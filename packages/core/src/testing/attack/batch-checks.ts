import * as tf from '@tensorflow/tfjs-core';
import type { AttackResult } from '../../contract/index.js';
import { permutation } from '../../random.js';
import { ensure } from '../check.js';
import { ensureEqual, runOn, type AttackCheck, type Situation } from './situation.js';

/** Runs on the examples at `order`, each under its own id, and compares with what the whole batch gave. */
async function compareAlone(
  situation: Situation,
  whole: { readonly result: AttackResult; readonly points: Float32Array },
  order: Int32Array,
): Promise<void> {
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
  const all = await attack.maximize(problem.model, problem.x, problem.y, { norm, epsilon }, { seed: 3 });
  const part = await attack.maximize(problem.model, x, y, { norm, epsilon }, { seed: 3, ids: order });
  const wanted = tf.gather(all, at);
  const who = `maximized points of examples ${order.join()} in a batch of ${order.length}`;
  ensureEqual(await part.data(), await wanted.data(), options.tolerance ?? 0, who);
  tf.dispose([at, x, y, all, part, wanted]);
}

/** That a result depends on seed and example alone. */
export const batchChecks: Readonly<Record<string, AttackCheck>> = {
  'gives the same bits for the same seed': async (situation) => {
    const [first, second] = [await runOn(situation, { seed: 3 }), await runOn(situation, { seed: 3 })];
    ensureEqual(await second.adversarial.data(), await first.adversarial.data(), 0, 'points of a second run');
    ensureEqual(second.queries, first.queries, 0, 'queries of a second run');
    tf.dispose([first.adversarial, second.adversarial]);
  },
  'draws anew for another seed, if it draws at all': async (situation) => {
    if (!situation.options.differsBySeed) return;
    const [first, second] = [await runOn(situation, { seed: 3 }), await runOn(situation, { seed: 4 })];
    const [a, b] = [await first.adversarial.data(), await second.adversarial.data()];
    ensure(
      a.some((value, i) => value !== b[i]),
      'seeds 3 and 4 gave the same points',
    );
    tf.dispose([first.adversarial, second.adversarial]);
  },
  'gives each example the same result in any batch and order': async (situation) => {
    const result = await runOn(situation, { seed: 3 });
    const whole = { result, points: (await result.adversarial.data()) as Float32Array };
    const n = situation.problem.labels.length;
    for (const i of [0, 3, n - 1]) await compareAlone(situation, whole, Int32Array.of(i));
    await compareAlone(situation, whole, permutation(0, 'order', n));
    await compareAlone(situation, whole, permutation(1, 'order', n).slice(0, 7));
    result.adversarial.dispose();
    if (situation.options.maximizes === false) return;
    await compareMaximized(situation, Int32Array.of(n - 1));
    await compareMaximized(situation, permutation(1, 'order', n).slice(0, 7));
  },
  'loses nothing by more restarts': async (situation) => {
    const { attack, options } = situation;
    if (options.restarts === false || attack.definition.random === false) return;
    const [one, three] = [await runOn(situation), await runOn(situation, { restarts: 3 })];
    one.success.forEach((hit, i) => ensure(!hit || three.success[i] === 1, `example ${i} withstood three restarts`));
    tf.dispose([one.adversarial, three.adversarial]);
  },
  'takes one-hot labels': async (situation) => {
    const { attack, norm, epsilon, problem } = situation;
    const y = tf.oneHot(problem.y as tf.Tensor1D, problem.model.numClasses);
    const [wanted, found] = [await runOn(situation), await attack.run(problem.model, problem.x, y, { norm, epsilon })];
    ensureEqual(found.success, wanted.success, 0, 'success with one-hot labels');
    tf.dispose([y, wanted.adversarial, found.adversarial]);
  },
};
