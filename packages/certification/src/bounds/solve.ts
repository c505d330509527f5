import { AdvrobError } from '@advrob/core';
import type { LayerGraph } from '@advrob/models/layer-graph';
import * as tf from '@tensorflow/tfjs-core';
import type { Context } from './context.js';
import { betterOf, boundsInside, lowerExactly, widest, type Method } from './crown.js';
import { examplesOf, type InputSet } from './input-set.js';
import { gamma } from './rounding.js';

/** Linear functions of the logits, the same number for each example: coefficients [n, rows, classes]. */
export interface Rows {
  readonly perExample: number;
  readonly coefficients: Float32Array;
}

export interface SolveOptions {
  readonly method: Method;
  readonly isOutward: boolean;
  /** Bytes. */
  readonly memory: number;
  /** As in BoundsOptions. */
  readonly tile?: number | undefined;
}

/** Bounds of one batch, and what it took to find them. */
export interface Solved {
  /** Lower bounds [n, rows]. */
  readonly bounds: Float64Array;
  /** Passes of each example. */
  readonly passes: number;
}

/** What an interval pass costs in forward passes: centers, radii, and the sums for rounding. */
const intervalPasses = 4;

/**
 * Lower bounds of rows over a set: the best of CROWN with adaptive and with zero slopes and of the
 * intervals, none of which is always better than the others.
 */
export async function solve(graph: LayerGraph, set: InputSet, rows: Rows, options: SolveOptions): Promise<Solved> {
  const context = await boundsInside(graph, set, { ...options, slopes: 'adaptive', isCut: true });
  try {
    const bounds = await boundRows(context, rows, options.method);
    return { bounds, passes: intervalPasses + context.work.rows };
  } finally {
    context.dispose();
  }
}

/** The rows' bounds in a context, by every way that the method has. */
export async function boundRows(context: Context, rows: Rows, method: Method): Promise<Float64Array> {
  const node = context.graph.nodes.length - 1;
  const all = rowsTensor(context, rows);
  try {
    let best = await lowerExactly(context, { node, rows: all, until: 'activations', slopes: 'adaptive' });
    if (method === 'ibp') return best;
    for (const slopes of ['adaptive', 'zero'] as const)
      best = betterOf(await lowerExactly(context, { node, rows: all, until: 'input', slopes }), best);
    return best;
  } finally {
    all.dispose();
  }
}

export function rowsTensor({ graph, set }: Context, { perExample, coefficients }: Rows): tf.Tensor {
  return tf.tensor3d(coefficients, [set.count, perExample, graph.numClasses]);
}

/** y - t for every class t but the label y, [n, classes - 1, classes]. */
export function marginRows(labels: ArrayLike<number>, classes: number): Rows {
  const coefficients = new Float32Array(labels.length * (classes - 1) * classes);
  for (let n = 0; n < labels.length; n++)
    for (let row = 0; row < classes - 1; row++) {
      const at = (n * (classes - 1) + row) * classes;
      coefficients[at + labels[n]!] = 1;
      coefficients[at + (row < labels[n]! ? row : row + 1)] = -1;
    }
  return { perExample: classes - 1, coefficients };
}

/** Below so many neurons a batch shares its rows; above each example has its own. */
const smallNet = 4096;

/** Examples that one pass takes. */
export function examplesAtOnce(graph: LayerGraph, rows: number, { method, memory }: SolveOptions): number {
  const inner = graph.nodes.filter(({ op }) => op === 'activation' || op === 'maxPool');
  const neurons = inner.reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0);
  if (method === 'ibp') return Math.max(1, Math.min(512, Math.floor(memory / (widest(graph) * 64))));
  if (method === 'crown' && neurons > smallNet) return 1;
  const most = method === 'crown' ? 32 : 256;
  return Math.max(1, Math.min(most, Math.floor(memory / (rows * widest(graph) * 12))));
}

/** Runs a batch after the other. */
export async function solveAll(
  graph: LayerGraph,
  set: InputSet,
  rows: Rows,
  options: SolveOptions,
  onBatch?: (done: number) => void,
): Promise<{ readonly bounds: Float64Array; readonly passes: Float64Array }> {
  const bounds = new Float64Array(set.count * rows.perExample);
  const passes = new Float64Array(set.count);
  const size = examplesAtOnce(graph, rows.perExample, options);
  for (let from = 0; from < set.count; from += size) {
    const to = Math.min(set.count, from + size);
    const part = { perExample: rows.perExample, coefficients: partOf(rows, graph.numClasses, from, to) };
    const found = await solve(graph, examplesOf(set, from, to), part, options);
    bounds.set(found.bounds, from * rows.perExample);
    passes.fill(found.passes, from, to);
    onBatch?.(to);
  }
  return { bounds, passes };
}

function partOf({ perExample, coefficients }: Rows, classes: number, from: number, to: number): Float32Array {
  return coefficients.subarray(from * perExample * classes, to * perExample * classes);
}

const checked = new WeakMap<object, boolean>();

/**
 * Whether a backend multiplies matrices and convolves with all the bits of float32, which bounds
 * that cover rounding stand on.
 *
 * @throws AdvrobError `ADVROB_CERTIFY` when it does not.
 */
export async function requireFloat32(): Promise<void> {
  const backend = tf.backend();
  let isFull = checked.get(backend);
  if (isFull === undefined) {
    const side = 48;
    const values = Float32Array.from(
      { length: side * side },
      (_, i) => 1 + ((i * 7919) % 4001) / 4096 / 2 + i * 2 ** -23,
    );
    const [product, convolved] = tf.tidy(() => {
      const x = tf.tensor2d(values, [side, side]);
      return [
        tf.matMul(x, x),
        tf.conv2d(
          tf.reshape(x, [1, side, side, 1]) as tf.Tensor4D,
          tf.tensor4d(values.subarray(0, 9), [3, 3, 1, 1]),
          1,
          'valid',
        ),
      ];
    });
    const [found, image] = (await Promise.all([product!.data(), convolved!.data()])) as [Float32Array, Float32Array];
    tf.dispose([product!, convolved!]);
    isFull = true;
    for (let i = 0; i < side; i++) {
      let [wanted, pixel] = [0, 0];
      for (let k = 0; k < side; k++) wanted += values[i * side + k]! * values[k * side + i]!;
      isFull &&= Math.abs(found[i * side + i]! - wanted) <= gamma(side + 1) * wanted;
      if (i > side - 3) continue;
      for (let k = 0; k < 9; k++) pixel += values[(i + Math.floor(k / 3)) * side + i + (k % 3)]! * values[k]!;
      isFull &&= Math.abs(image[i * (side - 2) + i]! - pixel) <= gamma(10) * pixel;
    }
    checked.set(backend, isFull);
  }
  if (!isFull)
    throw new AdvrobError(
      'ADVROB_CERTIFY',
      `the backend '${tf.getBackend()}' multiplies with fewer bits than float32 has, which rounding: 'outward' cannot cover: certify on cpu, wasm or onnxruntime`,
    );
}
