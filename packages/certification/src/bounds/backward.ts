import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayerNode } from '@advrob/models/layer-graph';
import type { Slopes } from './activations.js';
import { adjoint, constantOf, fanOut, type LinearNode } from './adjoint.js';
import { isNonLinear, type ActivationLines, type Context, type NonLinear } from './context.js';
import { largest } from './interval.js';
import { throughPool, type PoolLines } from './max-pool.js';
import { gamma, productWithPositive, sumOfRows, termsOfSum, tiny } from './rounding.js';

/** A linear function of one node's value, for which a lower bound is wanted. */
export interface Question {
  readonly node: number;
  /** Coefficients [n, rows, size]; not disposed. */
  readonly rows: Tensor;
  /** How far it is followed: to the input, or to the first activations, whose intervals end it. */
  readonly until: 'input' | 'activations';
  readonly slopes: Slopes;
  /** Lower slopes [n, rows or 1, size] of activations that are free, by node. */
  readonly alphas?: ReadonlyMap<number, Tensor> | undefined;
  /**
   * Multipliers [n, rows or 1, size] of what activations read: `sign` [n, size] is 1 where it is at
   * least 0 in a branch, -1 where at most 0, and 0 elsewhere. By the node that is read.
   */
  readonly betas?: ReadonlyMap<number, { readonly sign: Tensor; readonly beta: Tensor }> | undefined;
  /** Told the coefficients [n, rows, size] of what an activation reads, before its lines are put in. */
  readonly look?: ((node: NonLinear, coefficients: Tensor) => void) | undefined;
}

/** value + input.x - loss is a lower bound. All are the caller's. */
export interface Found {
  /** [n, rows] */
  readonly value: Tensor;
  /** [n, rows], what rounding may have added; 0 unless it is covered. */
  readonly loss: Tensor;
  /** Coefficients of the input [n, rows, size]; undefined where it was not reached. */
  readonly input: Tensor | undefined;
}

/** What one node does with its coefficients. */
 
type Step = { readonly parts: Tensor[]; readonly values: Tensor[]; readonly losses: Tensor[] };

/**
 * Follows coefficients from a node back to the input (CROWN, Zhang et al. 2018,
 * https://arxiv.org/abs/1811.00866; for graphs Xu et al. 2020, https://arxiv.org/abs/2002.12920).
 * Every node puts in its own inputs: a layer exactly, an activation by the line that is right for the
 * sign of the coefficient. Coefficients are added where branches meet.
 *
 * Rounding: coefficients are what they are; those of a layer's inputs miss the true ones by at most
 * gamma |a| |W|, which moves the bound by at most gamma |a| (|W| |z|). So a sum per node covers it,
 * see docs/decisions/0016-bounds.md.
 */
export function backward(context: Context, question: Question): Found {
  const { nodes } = context.graph;
  const coefficients = new Map<number, Tensor>([[question.node, question.rows]]);
  const [values, losses]: [Tensor[], Tensor[]] = [[], []];
  let input: Tensor | undefined;
  context.work.rows += question.rows.shape[1]!;
  for (let id = question.node; id >= 0; id--) {
    const a = coefficients.get(id);
    if (!a) continue;
    coefficients.delete(id);
    const node = nodes[id]!;
    if (node.op === 'input') {
      input = a === question.rows ? tf.clone(a) : a;
      continue;
    }
    const step = tf.tidy((): Step => stepOf(context, question, node, a));
    if (a !== question.rows) a.dispose();
    values.push(...step.values);
    losses.push(...step.losses);
    step.parts.forEach((part, i) => {
      const source = node.inputs[i]!;
      const other = coefficients.get(source);
      if (!other) return coefficients.set(source, part);
      coefficients.set(source, tf.add(other, part));
      return tf.dispose([other, part]);
    });
  }
  const [n, rows] = question.rows.shape as [number, number];
  const [value, loss] = tf.tidy(() => {
    const total = (all: readonly Tensor[]): Tensor => all.reduce((sum, each) => tf.add(sum, each), tf.zeros([n, rows]));
    const sum = total(values);
    if (!context.isOutward) return [sum, total(losses)];
    const last = tf.mul(total(values.map((each) => tf.abs(each))), gamma(values.length + 2));
    return [sum, tf.add(tf.mul(total([...losses, last]), 1.001), tiny)];
  });
  tf.dispose([values, losses]);
  return { value: value!, loss: loss!, input };
}

function stepOf(context: Context, question: Question, node: LayerNode, given: Tensor): Step {
  const { intervals, isOutward, graph } = context;
  const [n, rows, size] = given.shape as [number, number, number];
  const values: Tensor[] = [];
  const losses: Tensor[] = [];
  const interval = intervals[node.id]!;
  const flat = (x: Tensor): Tensor => tf.reshape(x, [x.shape[0]!, -1]);
  let a = given;
  const beta = question.betas?.get(node.id);
  if (beta) a = tf.sub(a, tf.mul(tf.expandDims(beta.sign, 1), beta.beta));
  const absolute = isOutward ? tf.abs(a) : a;
  const lose = (terms: number, sizes: Tensor): void => {
    if (isOutward)
      losses.push(tf.mul(productWithPositive(absolute, flat(sizes)), gamma(terms) * (1 + 2 * gamma(size + 8))));
  };
  if (question.until === 'activations' && isNonLinear(node)) {
    const [low, high] = [interval.low, interval.high].map((each) => tf.expandDims(flat(each), 1)) as [Tensor, Tensor];
    const positive = tf.relu(a);
    values.push(sumOfRows(tf.add(tf.mul(positive, low), tf.mul(tf.sub(a, positive), high))));
    lose(termsOfSum(size) + 10, largest(interval.low, interval.high));
    return { parts: [], values, losses };
  }
  const isRead = context.readers[node.id]! > 1 || context.isBent.has(node.id) || beta !== undefined;
  if (isNonLinear(node)) {
    if (isRead) lose(8, interval.size!);
    question.look?.(node, a);
    const shape = graph.nodes[node.inputs[0]!]!.shape;
    const lines = context.linesOf(node, question.slopes);
    const parts =
      node.op === 'maxPool'
        ? throughWindows(node, shape, a, lines as PoolLines, values, lose)
        : throughLines(a, lines as ActivationLines, question.alphas?.get(node.id), values, lose);
    return { parts, values, losses };
  }
  const linear = node as LinearNode;
  const constant = constantOf(linear);
  if (constant) {
    const spread = tf.reshape(tf.mul(tf.ones([1, ...node.shape]), constant), [1, 1, size]);
    values.push(sumOfRows(tf.mul(a, spread)));
  }
  const isExact = ['reshape', 'transpose', 'concat', 'slice'].includes(node.op) || (node.op === 'pad' && !constant);
  // Eight for merging branches, an activation's slope and a scale that was itself rounded.
  if (!isExact || isRead) lose(fanOut(linear) + (constant ? termsOfSum(size) : 0) + 12, interval.size!);
  const shapes = node.inputs.map((id) => graph.nodes[id]!.shape);
  const parts = adjoint(linear, tf.reshape(a, [n * rows, ...node.shape]), shapes);
  return { parts: parts.map((part) => tf.reshape(part, [n, rows, -1])), values, losses };
}

type Lose = (terms: number, sizes: Tensor) => void;

function throughLines(
  a: Tensor,
  lines: ActivationLines,
  alpha: Tensor | undefined,
  values: Tensor[],
  lose: Lose,
): Tensor[] {
  const wide = (x: Tensor): Tensor => tf.expandDims(x, 1);
  const { lowSlope, highSlope, lowShift, highShift, free } = lines;
  const positive = tf.relu(a);
  const negative = tf.sub(a, positive);
  const mask = free && alpha && wide(free.mask);
  const slope = mask ? tf.add(tf.mul(wide(lowSlope), tf.sub(1, mask)), tf.mul(alpha!, mask)) : wide(lowSlope);
  const size = a.shape[2]!;
  if (lowShift) values.push(sumOfRows(tf.mul(positive, wide(lowShift))));
  if (highShift) values.push(sumOfRows(tf.mul(negative, wide(highShift))));
  const shifts = [lowShift, highShift].filter((each) => each !== undefined).map((each) => tf.abs(each));
  if (shifts.length > 0)
    lose(
      termsOfSum(size) + 4,
      shifts.reduce((most, each) => tf.maximum(most, each)),
    );
  return [tf.add(tf.mul(positive, slope), tf.mul(negative, wide(highSlope)))];
}

function throughWindows(
  node: NonLinear,
  shape: readonly number[],
  a: Tensor,
  lines: PoolLines,
  values: Tensor[],
  lose: Lose,
): Tensor[] {
  if (node.op !== 'maxPool') return [];
  const { coefficients, constant } = throughPool(node, shape, a, lines);
  values.push(constant);
  lose(termsOfSum(a.shape[2]!) + 4, tf.abs(lines.most));
  return [coefficients];
}
