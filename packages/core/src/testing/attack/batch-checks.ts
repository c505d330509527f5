import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { permutation } from '../../random.js';
import { ensure } from '../check.js';
import { curvedProblem, type CurvedProblem } from './curved-problem.js';
import { ensureEqual, runOn, type AttackCheck, type Situation } from './situation.js';

/** A model with examples and labels: the linear one of the situation, or one that messages name. */
type Problem = Pick<CurvedProblem, 'model' | 'x' | 'y'> & { readonly name?: string };

/** What one run gave, kept beyond its tensors. */
interface Run {
  readonly success: ArrayLike<number>;
  readonly queries: ArrayLike<number>;
  readonly points: Float32Array;
}

/** Calls `body` with the examples at `order`. */
async function withExamples<T>({ x, y }: Problem, order: Int32Array, body: (x: Tensor, y: Tensor) => Promise<T>) {
  const at = tf.tensor1d(order, 'int32');
  const chosen = [tf.gather(x, at), tf.gather(y, at)] as const;
  try {
    return await body(...chosen);
  } finally {
    tf.dispose([at, ...chosen]);
  }
}

/** Runs on the examples at `order`, each under its own id. */
function runAlone({ attack, norm, epsilon }: Situation, problem: Problem, order: Int32Array): Promise<Run> {
  return withExamples(problem, order, async (x, y) => {
    const result = await attack.run(problem.model, x, y, { norm, epsilon }, { ids: order, seed: 3 });
    const points = (await result.adversarial.data()) as Float32Array;
    result.adversarial.dispose();
    return { success: result.success, queries: result.queries, points };
  });
}

/** The same for `maximize`, whose points show every draw, also those of failures. */
function maximizeAlone({ attack, norm, epsilon }: Situation, problem: Problem, order: Int32Array) {
  return withExamples(problem, order, async (x, y) => {
    const adv = await attack.maximize(problem.model, x, y, { norm, epsilon }, { seed: 3, step: 4, ids: order });
    const points = (await adv.data()) as Float32Array;
    adv.dispose();
    return points;
  });
}

/** Ends what a message says about examples at `order`. */
function placeOf({ name }: Problem, order: Int32Array): string {
  return `${name === undefined ? '' : ` of ${name}`} in a batch of ${order.length}`;
}

/** Runs on the examples at `order` and compares with what the whole batch gave. */
async function compareRun(situation: Situation, problem: Problem, whole: Run, order: Int32Array): Promise<void> {
  const part = await runAlone(situation, problem, order);
  const size = part.points.length / order.length;
  order.forEach((example, i) => {
    const who = `example ${example}${placeOf(problem, order)}`;
    ensure(part.success[i] === whole.success[example], `${who}: another success`);
    ensure(part.queries[i] === whole.queries[example], `${who}: another number of queries`);
    const own = whole.points.subarray(example * size, (example + 1) * size);
    ensureEqual(part.points.subarray(i * size, (i + 1) * size), own, situation.options.tolerance ?? 0, who);
  });
}

/** The same for `maximize`. */
async function compareMaximized(situation: Situation, problem: Problem, whole: Float32Array, order: Int32Array) {
  const part = await maximizeAlone(situation, problem, order);
  const size = part.length / order.length;
  const wanted = [...order].flatMap((i) => [...whole.subarray(i * size, (i + 1) * size)]);
  const who = `maximized points of examples ${order.join()}${placeOf(problem, order)}`;
  ensureEqual(part, wanted, situation.options.tolerance ?? 0, who);
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
    const { problem, options } = situation;
    const { result, points } = await situation.usual();
    const whole = { success: result.success, queries: result.queries, points };
    const n = problem.labels.length;
    for (const i of [3, n - 1]) await compareRun(situation, problem, whole, Int32Array.of(i));
    await compareRun(situation, problem, whole, permutation(0, 'order', n));
    await compareRun(situation, problem, whole, permutation(1, 'order', n).slice(0, 7));
    if (options.maximizes === false) return;
    const maximized = (await situation.maximized()).points;
    await compareMaximized(situation, problem, maximized, Int32Array.of(n - 1));
    await compareMaximized(situation, problem, maximized, permutation(1, 'order', n).slice(0, 7));
  },
  'gives each example the same result in any batch on a curved model': async (situation) => {
    const { options } = situation;
    // A compiling backend rounds each batch size in its own way, and where gradients turn that
    // grows: there the linear model has to do.
    if (options.tolerance) return;
    const n = situation.problem.labels.length;
    const all = Int32Array.from({ length: n }, (_, i) => i);
    const parts = [Int32Array.of(n - 1), permutation(1, 'order', n).slice(0, 7)];
    const problem = curvedProblem(situation.problem);
    try {
      const whole = await runAlone(situation, problem, all);
      for (const order of parts) await compareRun(situation, problem, whole, order);
      if (options.maximizes === false) return;
      const maximized = await maximizeAlone(situation, problem, all);
      for (const order of parts) await compareMaximized(situation, problem, maximized, order);
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
