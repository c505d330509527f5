import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { ActivationLines, Context } from './context.js';
import { isNonLinear } from './context.js';
import type { Question } from './backward.js';
import { lowerExactly, lowerOnDevice, type Points } from './crown.js';

export interface AlphaOptions {
  readonly steps: number;
  /** Of Adam, for slopes and for multipliers. */
  readonly rates: { readonly alpha: number; readonly beta: number };
  /** It ends when every bound is above this. Default 0. */
  readonly enough?: number | undefined;
  /** Asked before each step: whether to end with what is there. */
  readonly isOver?: (() => boolean) | undefined;
  /** Where the point of the input is written that a row's bound stands on. */
  readonly points?: Points | undefined;
  /** As of a question, for the last pass. */
  readonly look?: Question['look'];
}

/** A variable and the state of Adam beside it. */
interface Tuned {
  readonly variable: Variable;
  readonly best: Variable;
  readonly mean: Variable;
  readonly square: Variable;
  readonly low: number;
  readonly high: number;
  readonly rate: number;
}

/**
 * alpha-CROWN (Xu et al. 2021, https://arxiv.org/abs/2011.13824): the lower slopes of activations
 * that are free, one set for each row, are moved by Adam to where the bound is largest; every slope
 * gives a bound, so the best of each row stays. The bound has edges that Adam zigzags along: where
 * peers let the rate decay, a row that finds nothing better goes back to its best, with half of it. Bounds inside stay as they are. With `signs`
 * also the multipliers of split activations (beta-CROWN, Wang et al. 2021,
 * https://arxiv.org/abs/2103.06624, equation 8).
 *
 * @param rows Coefficients [n, rows, classes]; not disposed.
 * @param signs By node read by an activation: 1 where it is at least 0, -1 where at most 0 [n, size].
 * @returns Bounds [n * rows], with rounding covered as the context says.
 */
export async function optimizedBounds(
  context: Context,
  rows: Tensor,
  options: AlphaOptions,
  signs: ReadonlyMap<number, Tensor> = new Map(),
): Promise<Float64Array> {
  const { nodes } = context.graph;
  const node = nodes.length - 1;
  const [n, count] = rows.shape as [number, number];
  const alphas = new Map<number, Tuned>();
  const betas = new Map<number, Tuned>();
  for (const each of nodes.filter(isNonLinear)) {
    if (each.op !== 'activation') continue;
    const { free, lowSlope } = context.linesOf(each, 'adaptive') as ActivationLines;
    if (!free) continue;
    const size = lowSlope.shape[1]!;
    const start = tf.tidy(() => tf.tile(tf.expandDims(lowSlope, 1), [1, count, 1]) as Tensor);
    alphas.set(each.id, tuned(start, [n, count, size], free.low, free.high, options.rates.alpha));
  }
  for (const [id, sign] of signs)
    betas.set(id, tuned(undefined, [n, count, sign.shape[1]!], 0, Infinity, options.rates.beta));
  const all = [...alphas.values(), ...betas.values()];
  const question = (which: 'variable' | 'best') =>
    ({
      node,
      rows,
      until: 'input',
      slopes: 'adaptive',
      alphas: new Map([...alphas].map(([id, each]) => [id, each[which] as Tensor])),
      betas: new Map([...betas].map(([id, each]) => [id, { sign: signs.get(id)!, beta: each[which] as Tensor }])),
    }) as const;
  try {
    const plain = { ...context, isOutward: false };
    const best = new Float32Array(n * count).fill(-Infinity);
    const [rates, since] = [new Float32Array(n * count).fill(1), new Int32Array(n * count)];
    for (let step = 0; all.length > 0 && step <= options.steps && !options.isOver?.(); step++) {
      let bounds: Tensor | undefined;
      const variables = all.map(({ variable }) => variable);
      const { value, grads } = tf.variableGrads(() => {
        const found = lowerOnDevice(plain, question('variable'));
        bounds = tf.keep(tf.clone(found));
        return tf.neg(tf.sum(found)) as tf.Scalar;
      }, variables);
      const values = (await bounds!.data()) as Float32Array;
      tf.dispose([value, bounds!]);
      const isBetter = Float32Array.from(values, (each, i) => (each > best[i]! ? 1 : 0));
      const isBack = Float32Array.from(values, (each, i) => {
        since[i] = each > best[i]! ? 0 : since[i]! + 1;
        best[i] = Math.max(best[i]!, each);
        if (since[i]! < patience) return 0;
        [rates[i], since[i]] = [rates[i]! / 2, 0];
        return 1;
      });
      tf.tidy(() => {
        const [mask, back, rate] = [isBetter, isBack, rates].map((each) => tf.tensor3d(each, [n, count, 1])) as [
          Tensor,
          Tensor,
          Tensor,
        ];
        for (const each of all) {
          const gradient = grads[each.variable.name];
          each.best.assign(tf.add(tf.mul(each.variable, mask), tf.mul(each.best, tf.sub(1, mask))));
          if (gradient) adam(each, gradient, step, rate, back);
        }
      });
      tf.dispose(grads);
      if (best.every((each) => each > (options.enough ?? 0) + 1e-4 * (1 + Math.abs(each)))) break;
    }
    return await lowerExactly(context, { ...question('best'), look: options.look }, options.points);
  } finally {
    tf.dispose(all.flatMap(({ variable, best, mean, square }) => [variable, best, mean, square]));
  }
}

function tuned(start: Tensor | undefined, shape: number[], low: number, high: number, rate: number): Tuned {
  const zeros = tf.zeros(shape);
  const first = start ?? zeros;
  const made = {
    variable: tf.variable(first),
    best: tf.variable(first),
    mean: tf.variable(zeros),
    square: tf.variable(zeros),
    low,
    high,
    rate,
  };
  tf.dispose([zeros, first]);
  return made;
}

/** Steps without a better bound after which a row goes on from its best place with half the rate. */
const patience = 10;

/** One step of Adam downhill, within the range; rows that go `back` begin anew at their best place. */
function adam(
  { variable, best, mean, square, low, high, rate }: Tuned,
  gradient: Tensor,
  step: number,
  factors: Tensor,
  back: Tensor,
): void {
  mean.assign(tf.add(tf.mul(mean, 0.9), tf.mul(gradient, 0.1)));
  square.assign(tf.add(tf.mul(square, 0.999), tf.mul(tf.square(gradient), 0.001)));
  const [first, second] = [1 - 0.9 ** (step + 1), 1 - 0.999 ** (step + 1)];
  const direction = tf.div(tf.div(mean, first), tf.add(tf.sqrt(tf.div(square, second)), 1e-8));
  const onward = tf.sub(variable, tf.mul(direction, tf.mul(factors, rate)));
  const moved = tf.add(tf.mul(best, back), tf.mul(onward, tf.sub(1, back)));
  mean.assign(tf.mul(mean, tf.sub(1, back)));
  const above = tf.maximum(moved, low);
  variable.assign(high === Infinity ? above : tf.minimum(above, high));
}
