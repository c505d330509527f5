import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { windowShares, type LayerNode } from '@advrob/models/layer-graph';
import type { Slopes } from './activations.js';
import { adjoint, constantOf, fanOut, type LinearNode } from './adjoint.js';
import {
  cropped,
  croppedLines,
  croppedPool,
  keepsCrop,
  readBy,
  scatteredCrop,
  union,
  widenedTo,
  type Crop,
} from './crop.js';
import { isNonLinear, type ActivationLines, type Context, type NonLinear } from './context.js';
import { largest } from './interval.js';
import { throughPool, type PoolLines } from './max-pool.js';
import { gamma, productWithPositive, sumOfRows, termsOfSum, tiny } from './rounding.js';

/** A linear function of one node's value, for which a lower bound is wanted. */
export interface Question {
  readonly node: number;
  /** Coefficients [n, rows, size]; not disposed. */
  readonly rows: Tensor;
  /** The pixels of the node that the rows are of, for one example; default all. */
  readonly crop?: Crop | undefined;
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
  /** Of the nodes whose coefficients are those of some pixels. */
  const crops = new Map<number, Crop>();
  if (question.crop) crops.set(question.node, question.crop);
  const [values, losses]: [Tensor[], Tensor[]] = [[], []];
  let input: Tensor | undefined;
  context.work.rows += question.rows.shape[1]!;
  for (let id = question.node; id >= 0; id--) {
    const a = coefficients.get(id);
    if (!a) continue;
    coefficients.delete(id);
    const node = nodes[id]!;
    const crop = crops.get(id);
    if (node.op === 'input') {
      input = a === question.rows ? tf.clone(a) : a;
      if (crop) {
        input = tf.tidy(() => tf.clone(wholeOf(a, crop, node.shape)));
        if (a !== question.rows) a.dispose();
      }
      continue;
    }
    const isCropped = crop !== undefined && keepsCrop(node);
    const inner: { crop?: Crop } = {};
    const step = tf.tidy((): Step => {
      if (isCropped) return croppedStep(context, question, node, a, crop, inner);
      return stepOf(context, question, node, crop ? wholeOf(a, crop, node.shape) : a);
    });
    if (a !== question.rows) a.dispose();
    values.push(...step.values);
    losses.push(...step.losses);
    step.parts.forEach((part, i) => {
      const source = node.inputs[i]!;
      const other = coefficients.get(source);
      if (!other) {
        if (inner.crop) crops.set(source, inner.crop);
        return coefficients.set(source, part);
      }
      const all = wholeCrop(nodes[source]!.shape);
      const [mine, its] = [inner.crop, crops.get(source)];
      const both = mine || its ? union(mine ?? all, its ?? all) : undefined;
      const sum = tf.tidy(() => {
        if (!both) return tf.add(other, part);
        const channels = nodes[source]!.shape[2]!;
        return tf.add(widenedTo(other, its ?? all, both, channels), widenedTo(part, mine ?? all, both, channels));
      });
      coefficients.set(source, sum);
      if (both) crops.set(source, both);
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

function wholeCrop([h, w]: readonly number[]): Crop {
  return { y: 0, x: 0, h: h!, w: w! };
}

function wholeOf(a: Tensor, crop: Crop, shape: readonly number[]): Tensor {
  return widenedTo(a, crop, wholeCrop(shape), shape[2]!);
}

/** {@link stepOf} for some pixels of one example; `inner` is told those of the inputs. */
function croppedStep(
  context: Context,
  question: Question,
  node: LayerNode,
  a: Tensor,
  crop: Crop,
  inner: { crop?: Crop },
): Step {
  const { graph, isOutward } = context;
  const size = a.shape[2]!;
  const [values, losses]: [Tensor[], Tensor[]] = [[], []];
  const absolute = isOutward ? tf.abs(a) : a;
  const lose = (terms: number, sizes: () => Tensor): void => {
    if (isOutward)
      losses.push(tf.mul(productWithPositive(absolute, sizes()), gamma(terms) * (1 + 2 * gamma(size + 8))));
  };
  const own = (): Tensor => tf.tensor2d(cropped(context.sizes.get(node.id)!, node.shape, crop), [1, size]);
  const isRead = context.readers[node.id]! > 1 || context.isBent.has(node.id);
  inner.crop = crop;
  if (isNonLinear(node)) {
    if (isRead) lose(8, own);
    const told = (terms: number, sizes: Tensor): void => lose(terms, () => sizes);
    if (node.op === 'activation') {
      const lines = croppedLines(context, node, question.slopes, crop);
      return { parts: throughLines(a, lines, undefined, values, told), values, losses };
    }
    const shape = graph.nodes[node.inputs[0]!]!.shape;
    const pool = croppedPool(node, context.linesOf(node, question.slopes) as PoolLines, crop, shape);
    inner.crop = pool.crop;
    const under = [pool.crop.h, pool.crop.w, shape[2]!];
    return { parts: throughWindows(pool.node, under, a, pool.lines, values, told), values, losses };
  }
  const linear = node as LinearNode;
  const [height, width, channels] = node.shape as [number, number, number];
  const part = (x: Tensor): Tensor => {
    const wide = tf.mul(tf.ones([height, width, channels]), x);
    return tf.slice(wide, [crop.y, crop.x, 0], [crop.h, crop.w, channels]);
  };
  const constant = constantOf(linear);
  if (constant) {
    const spread = tf.reshape(part(constant), [1, size]);
    values.push(sumOfRows(tf.mul(a, tf.expandDims(spread, 1))));
    lose(termsOfSum(size) + 2, () => tf.abs(spread));
  }
  lose(fanOut(linear) + 12, own);
  if (node.op === 'conv2d') {
    const found = scatteredCrop(node, a, crop, graph.nodes[node.inputs[0]!]!.shape, isOutward);
    inner.crop = found.crop;
    return { parts: [found.a], values, losses };
  }
  if (node.op === 'affine') {
    const scaled = node.scale ? tf.mul(a, tf.reshape(part(node.scale), [1, 1, size])) : tf.clone(a);
    return { parts: [scaled], values, losses };
  }
  if (node.op === 'add')
    return { parts: node.signs.map((sign) => (sign === 1 ? tf.clone(a) : tf.neg(a))), values, losses };
  if (node.op !== 'avgPool') throw new Error(`no crop of ${node.op}`);
  const [n, rows] = a.shape as [number, number];
  const { shape } = graph.nodes[node.inputs[0]!]!;
  const shared = tf.mul(a, tf.reshape(part(tf.reshape(windowShares(node, shape), [height, width, 1])), [1, 1, size]));
  const read = readBy(node, crop, shape);
  const ones = tf.reshape(tf.eye(channels), [1, 1, channels, channels]);
  const filter = tf.tile(ones, [node.size[0], node.size[1], 1, 1]) as Tensor4D;
  const image = tf.reshape(shared, [n * rows, crop.h, crop.w, channels]) as Tensor4D;
  const full = tf.conv2dTranspose(image, filter, [n * rows, ...read.full, channels], [...node.strides], 'valid');
  const inside = tf.slice(full, [0, ...read.cut, 0], [n * rows, read.crop.h, read.crop.w, channels]);
  inner.crop = read.crop;
  return { parts: [tf.reshape(inside, [n, rows, -1])], values, losses };
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
    const spread = tf.reshape(tf.mul(tf.ones([1, ...node.shape]), constant), [1, size]);
    values.push(sumOfRows(tf.mul(a, tf.expandDims(spread, 1))));
    lose(termsOfSum(size) + 2, tf.abs(spread));
  }
  const isExact = ['reshape', 'transpose', 'concat', 'slice'].includes(node.op) || (node.op === 'pad' && !constant);
  // Eight for merging branches, an activation's slope and a scale that was itself rounded.
  if (!isExact || isRead) lose(fanOut(linear) + 12, interval.size!);
  const shapes = node.inputs.map((id) => graph.nodes[id]!.shape);
  const parts = adjoint(linear, tf.reshape(a, [n * rows, ...node.shape]), shapes, isOutward);
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
