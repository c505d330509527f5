import { AdvrobError, type Classifier } from '@advrob/core';
import { layerGraph } from '@advrob/models/layer-graph';
import { decide } from '../bounds/decide.js';
import type { InputSet } from '../bounds/input-set.js';
import { roundDown, roundUp } from '../bounds/rounding.js';
import { logitsOf, rounded, violated, type Clause, type Problem } from '../bounds/search.js';
import { requireFloat32 } from '../bounds/solve.js';
import type { Case, Property } from './property.js';

export interface VerifyOptions {
  /** Seconds for the whole property. Default 300. */
  readonly seconds?: number | undefined;
  /** Branches of each clause. Default 1,000,000. */
  readonly nodes?: number | undefined;
  /** Where channels lie in the order of the X, for images. Default `NCHW`, as ONNX files have it. */
  readonly layout?: 'NCHW' | 'NHWC' | undefined;
  /** MB that the coefficients of one pass may take. Default 256. */
  readonly memory?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** `unsat`: nothing unsafe exists; `sat`: it does, at `x`, in the order of the property, with `y`. */
export type Verification =
  | { readonly result: 'unsat' | 'unknown' | 'timeout' }
  | { readonly result: 'sat'; readonly x: readonly number[]; readonly y: readonly number[] };

/**
 * Whether a model has an unsafe output for some input of a property: by search, bounds and branch and
 * bound. Rounding of the bounds is covered, and a counterexample is confirmed by a forward pass.
 *
 * @throws AdvrobError `ADVROB_VNNLIB` where the property has other inputs or outputs than the model,
 *   `ADVROB_CERTIFY` for a layer that has no bounds.
 * @example
 * ```ts
 * const { result } = await verifyProperty(model, readVnnlib(text), { seconds: 60 });
 * ```
 */
export async function verifyProperty(
  model: Classifier,
  property: Property,
  { seconds = 300, nodes = 1_000_000, layout = 'NCHW', memory = 256, signal }: VerifyOptions = {},
): Promise<Verification> {
  const size = model.inputShape.reduce((product, side) => product * side, 1);
  if (property.inputs !== size || property.outputs !== model.numClasses)
    throw new AdvrobError(
      'ADVROB_VNNLIB',
      `the property has ${property.inputs} inputs and ${property.outputs} outputs, the model ${size} and ${model.numClasses}`,
    );
  await requireFloat32();
  const end = performance.now() + seconds * 1000;
  const isOver = (): boolean => signal?.aborted === true || performance.now() > end;
  const order = orderOf(model.inputShape, layout);
  const graph = await layerGraph(model);
  try {
    let isOpen = false;
    for (const problem of problemsOf(model, property, order)) {
      signal?.throwIfAborted();
      if (isOver()) return { result: 'timeout' };
      const found = await decide(graph, problem, {
        method: 'bab',
        isOutward: true,
        memory: memory * 2 ** 20,
        steps: 40,
        rate: 0.1,
        nodes,
        seed: 0,
        isOver,
      });
      if (found.point) return await counterexample(model, problem, found.point, order);
      isOpen ||= found.verdict !== 'certified';
    }
    if (!isOpen) return { result: 'unsat' };
    return { result: isOver() ? 'timeout' : 'unknown' };
  } finally {
    graph.dispose();
  }
}

/** For each value of the model's input its place in the order of the property. */
function orderOf(shape: readonly number[], layout: 'NCHW' | 'NHWC'): Int32Array {
  const size = shape.reduce((product, side) => product * side, 1);
  const [h, w, c] = shape as [number, number, number];
  return Int32Array.from({ length: size }, (_, i) =>
    shape.length === 3 && layout === 'NCHW' ? (i % c) * h * w + Math.floor(i / c) : i,
  );
}

/** Cases of the same box together. */
function problemsOf(model: Classifier, { cases }: Property, order: Int32Array): Problem[] {
  const groups = new Map<string, Case[]>();
  for (const each of cases) {
    const key = `${each.low.join()} ${each.high.join()}`;
    const group = groups.get(key);
    if (group) group.push(each);
    else groups.set(key, [each]);
  }
  return [...groups.values()].map((group) => {
    const { low, high } = group[0]!;
    const [l, h] = [low, high].map((ends) => Float64Array.from(order, (place) => ends[place]!)) as [
      Float64Array,
      Float64Array,
    ];
    const set: InputSet = {
      count: 1,
      shape: model.inputShape,
      low: Float32Array.from(l, roundDown),
      high: Float32Array.from(h, roundUp),
    };
    const clauses = group.map(({ rows }): Clause => ({
      rows: rows.map(({ coefficients }) => Float32Array.from(coefficients)),
      limits: rows.map(({ limit }) => limit),
    }));
    return { model, set, inner: rounded(set, l, h), clauses, isClosed: true };
  });
}

async function counterexample(
  model: Classifier,
  problem: Problem,
  point: Float32Array,
  order: Int32Array,
): Promise<Verification> {
  const y = await logitsOf(model, point, 1);
  if (violated(problem, y) < 0) return { result: 'unknown' };
  const x = new Array<number>(point.length);
  order.forEach((place, i) => (x[place] = point[i]!));
  return { result: 'sat', x, y: [...y] };
}

/** A result as the competition of verifiers has it. */
export function resultText(found: Verification): string {
  if (found.result !== 'sat') return `${found.result}\n`;
  const values = [...found.x.map((value, i) => `(X_${i} ${value})`), ...found.y.map((value, j) => `(Y_${j} ${value})`)];
  return `sat\n(${values.join('\n')})\n`;
}
