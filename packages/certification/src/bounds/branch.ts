import type { LayerGraph } from '@advrob/models/layer-graph';
import type { Verdict } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { optimizedBounds } from './alpha.js';
import { createContext, type ActivationLines, type Context, type Ends, type NonLinear } from './context.js';
import { boundsInside, lowerExactly, type Points } from './crown.js';
import type { InputSet } from './input-set.js';
import { firstViolation, type Clause, type Problem } from './search.js';

export interface BranchOptions {
  readonly isOutward: boolean;
  readonly memory: number;
  /** Steps of alpha and beta for each branch. */
  readonly steps: number;
  /** Rate of the slopes. */
  readonly rate: number;
  /** Branches that are bounded before it ends as open. */
  readonly nodes: number;
  /** Branches of one pass. */
  readonly atOnce: number;
  readonly isOver: () => boolean;
}

export interface Branched {
  readonly verdict: Verdict;
  /** Lower bound of the largest room of a row over what is not decided. */
  readonly bound: number;
  readonly point: Float32Array | undefined;
  readonly nodes: number;
  readonly passes: number;
}

/** A part of the set, by a box or by signs of what activations read. */
interface Branch {
  bound: number;
  readonly set: InputSet;
  readonly signs: ReadonlyMap<number, ReadonlyMap<number, 1 | -1>>;
  /** What it may be split at, best first. */
  choices: readonly Choice[];
}

type Choice = { readonly node: number; readonly neuron: number } | { readonly input: number };

/** Inputs of at most so many values are split themselves. */
export const fewInputs = 10;

/**
 * Branch and bound for one clause of one example: shows that in each part of the set some row is above
 * its limit. A part is bounded by CROWN with slopes and multipliers of the splits optimised
 * (beta-CROWN, Wang et al. 2021, https://arxiv.org/abs/2103.06624) and split where that costs most;
 * with few inputs the box is halved instead, along the side that moves the bound most. The point that
 * a bound stands on is tried as a counterexample.
 */
export async function branchAndBound(
  graph: LayerGraph,
  problem: Problem,
  clause: Clause,
  options: BranchOptions,
): Promise<Branched> {
  const { set } = problem;
  const splitsInput = set.low.length <= fewInputs;
  const root = await rootOf(graph, set, clause, options);
  let passes = root.passes;
  let nodes = 1;
  const open: Branch[] = root.branch.bound > 0 ? [] : [root.branch];
  /** Parts that cannot be split further. */
  let stuck = Infinity;
  const least = (): number => Math.min(stuck, ...open.map(({ bound }) => bound));
  const tried = await firstViolation(problem, root.points, clause.rows.length);
  if (tried) return { verdict: 'falsified', bound: root.branch.bound, point: tried, nodes, passes };
  while (open.length > 0) {
    if (options.isOver() || nodes >= options.nodes || stuck < Infinity)
      return { verdict: 'open', bound: least(), point: undefined, nodes, passes };
    open.sort((a, b) => b.bound - a.bound);
    const taken = open.splice(Math.max(0, open.length - options.atOnce));
    const children: Branch[] = [];
    for (const branch of taken) {
      if (branch.choices.length === 0) stuck = Math.min(stuck, branch.bound);
      else children.push(...(await bestChildren(graph, root.ends, branch, clause, options)));
    }
    if (children.length === 0) continue;
    const found = splitsInput
      ? await boundBoxes(graph, children, clause, options)
      : await boundSigns(graph, root.ends, children, clause, options);
    nodes += children.length;
    passes += found.passes;
    const point = await firstViolation(problem, found.points, children.length * clause.rows.length);
    if (point) return { verdict: 'falsified', bound: least(), point, nodes, passes };
    open.push(...children.filter(({ bound }) => !(bound > 0)));
  }
  if (stuck < Infinity) return { verdict: 'open', bound: stuck, point: undefined, nodes, passes };
  return { verdict: 'certified', bound: Math.max(0, root.branch.bound), point: undefined, nodes, passes };
}

interface Bounded {
  readonly points: Float64Array;
  readonly passes: number;
}

type AllEnds = ReadonlyMap<number, Ends>;

async function rootOf(graph: LayerGraph, set: InputSet, clause: Clause, options: BranchOptions) {
  const branch: Branch = { bound: -Infinity, set, signs: new Map(), choices: [] };
  const context = await boundsInside(graph, set, {
    method: 'crown',
    isOutward: options.isOutward,
    slopes: 'adaptive',
    isCut: true,
    memory: options.memory,
  });
  try {
    const ends: AllEnds = context.ends;
    const splitsInput = set.low.length <= fewInputs;
    const found = await boundIn(context, [branch], clause, options, splitsInput ? 0 : options.steps);
    return { branch, ends, points: found.points, passes: found.passes };
  } finally {
    context.dispose();
  }
}

/** Sets repeated, one after the other. */
function joined(sets: readonly InputSet[]): InputSet {
  const [first] = sets as [InputSet];
  const all = (read: (set: InputSet) => Float32Array): Float32Array => {
    const size = read(first).length;
    const found = new Float32Array(size * sets.length);
    sets.forEach((set, i) => found.set(read(set), i * size));
    return found;
  };
  return {
    count: sets.length,
    shape: first.shape,
    low: all(({ low }) => low),
    high: all(({ high }) => high),
    ...(first.ball && {
      ball: {
        norm: first.ball.norm,
        epsilon: Float64Array.from(sets, ({ ball }) => ball!.epsilon[0]!),
        center: all(({ ball }) => ball!.center),
      },
    }),
  };
}

/** Bounds of boxes, each with all bounds inside anew. */
async function boundBoxes(graph: LayerGraph, branches: readonly Branch[], clause: Clause, options: BranchOptions) {
  const context = await boundsInside(graph, joined(branches.map(({ set }) => set)), {
    method: 'crown',
    isOutward: options.isOutward,
    slopes: 'adaptive',
    isCut: true,
    memory: options.memory,
  });
  try {
    return await boundIn(context, branches, clause, options, 0);
  } finally {
    context.dispose();
  }
}

/** Bounds inside of branches: those of the root, cut with the signs and with the intervals that follow. */
async function signContext(graph: LayerGraph, root: AllEnds, branches: readonly Branch[], isOutward: boolean) {
  const empty = new Set<number>();
  const tighten = (_so: Context, node: NonLinear, ends: Ends): Promise<Ends> => {
    const id = node.inputs[0]!;
    const known = root.get(id)!;
    const size = known.low.length;
    const [low, high] = [ends.low.slice(), ends.high.slice()];
    branches.forEach(({ signs }, n) => {
      for (let i = 0; i < size; i++) {
        const at = n * size + i;
        const sign = signs.get(id)?.get(i);
        low[at] = Math.max(low[at]!, known.low[i]!, sign === 1 ? 0 : -Infinity);
        high[at] = Math.min(high[at]!, known.high[i]!, sign === -1 ? 0 : Infinity);
        if (low[at]! <= high[at]!) continue;
        // No point of the set has these signs.
        empty.add(n);
        [low[at], high[at]] = [0, 0];
      }
    });
    return Promise.resolve({ low, high });
  };
  const context = await createContext(graph, joined(branches.map(({ set }) => set)), {
    isOutward,
    hasLines: true,
    tighten,
  });
  return { context, empty };
}

async function boundSigns(
  graph: LayerGraph,
  root: AllEnds,
  branches: readonly Branch[],
  clause: Clause,
  options: BranchOptions,
): Promise<Bounded> {
  const { context, empty } = await signContext(graph, root, branches, options.isOutward);
  try {
    const found = await boundIn(context, branches, clause, options, options.steps);
    branches.forEach((branch, n) => {
      if (empty.has(n)) branch.bound = Infinity;
    });
    return found;
  } finally {
    context.dispose();
  }
}

/** Signs of branches [n, size], by the node that activations read. */
function signTensors(context: Context, branches: readonly Branch[]): Map<number, Tensor> {
  const found = new Map<number, Tensor>();
  for (const id of new Set(branches.flatMap(({ signs }) => [...signs.keys()]))) {
    const size = context.ends.get(id)!.low.length / branches.length;
    const values = new Float32Array(branches.length * size);
    branches.forEach(({ signs }, n) => signs.get(id)?.forEach((sign, i) => (values[n * size + i] = sign)));
    found.set(id, tf.tensor2d(values, [branches.length, size]));
  }
  return found;
}

/** Bounds of branches in their context, and where each may be split. */
async function boundIn(
  context: Context,
  branches: readonly Branch[],
  clause: Clause,
  options: BranchOptions,
  steps: number,
): Promise<Bounded> {
  const { graph, set } = context;
  const count = branches.length;
  const perExample = clause.rows.length;
  const size = set.low.length / count;
  const points = new Float64Array(count * perExample * size);
  const sides = Array.from({ length: count }, () => new Float64Array(size));
  const at: Points = (example, row, coefficients) => {
    for (let i = 0; i < size; i++) sides[example]![i]! += Math.abs(coefficients[i]!);
    const place = (example * perExample + row) * size;
    return points.subarray(place, place + size);
  };
  const costs = new Map<number, Tensor>();
  const look = (node: NonLinear, coefficients: Tensor): void => {
    if (node.op !== 'activation') return;
    const { free, highShift } = context.linesOf(node, 'adaptive') as ActivationLines;
    if (!free || !highShift) return;
    const cost = tf.tidy(() =>
      tf.mul(tf.add(tf.mul(tf.max(tf.relu(tf.neg(coefficients)), 1), highShift), 1e-12), free.mask),
    );
    const id = node.inputs[0]!;
    costs.get(id)?.dispose();
    costs.set(id, tf.keep(cost));
  };
  const all = new Float32Array(count * perExample * graph.numClasses);
  for (let n = 0; n < count; n++)
    clause.rows.forEach((row, i) => all.set(row, (n * perExample + i) * graph.numClasses));
  const rows = tf.tensor3d(all, [count, perExample, graph.numClasses]);
  const signs = signTensors(context, branches);
  const before = context.work.rows;
  try {
    const splitsInput = size <= fewInputs;
    const found = await optimizedBounds(
      context,
      rows,
      {
        steps,
        rates: { alpha: options.rate, beta: 0.05 },
        isOver: options.isOver,
        points: at,
        ...(!splitsInput && { look }),
        enough: Math.max(...clause.limits),
      },
      signs,
    );
    const read = await Promise.all([...costs].map(async ([node, cost]) => [node, await cost.data()] as const));
    branches.forEach((branch, n) => {
      const rooms = clause.limits.map((limit, i) => found[n * perExample + i]! - limit);
      branch.bound = Math.max(branch.bound, ...rooms.map((room) => (Number.isNaN(room) ? -Infinity : room)));
      branch.choices = splitsInput ? longestSide(branch, sides[n]!) : costliest(read, n, count);
    });
    return { points, passes: (context.work.rows - before) * count };
  } finally {
    tf.dispose([rows, [...signs.values()], [...costs.values()]]);
  }
}

function longestSide({ set }: Branch, sensitivity: Float64Array): Choice[] {
  let [best, most] = [-1, 0];
  sensitivity.forEach((each, i) => {
    const cost = (each + 1e-9) * (set.high[i]! - set.low[i]!);
    const middle = Math.fround((set.low[i]! + set.high[i]!) / 2);
    if (cost > most && middle > set.low[i]! && middle < set.high[i]!) [best, most] = [i, cost];
  });
  return best < 0 ? [] : [{ input: best }];
}

/** The three neurons whose lines cost most. */
function costliest(costs: readonly (readonly [number, ArrayLike<number>])[], n: number, count: number): Choice[] {
  const found: { node: number; neuron: number; cost: number }[] = [];
  for (const [node, values] of costs) {
    const size = values.length / count;
    for (let i = 0; i < size; i++) {
      const cost = values[n * size + i]!;
      if (cost > 0) found.push({ node, neuron: i, cost });
    }
  }
  return found.sort((a, b) => b.cost - a.cost).slice(0, 3);
}

/** Both halves of a branch. */
function halves(branch: Branch, choice: Choice): [Branch, Branch] {
  const { set, signs, bound } = branch;
  if ('input' in choice) {
    const i = choice.input;
    const middle = Math.fround((set.low[i]! + set.high[i]!) / 2);
    const part = (end: 'low' | 'high'): Branch => ({
      bound,
      set: { ...set, [end]: set[end].map((value, k) => (k === i ? middle : value)) },
      signs,
      choices: [],
    });
    return [part('high'), part('low')];
  }
  const { node, neuron } = choice;
  const withSign = (sign: 1 | -1): Branch => ({
    bound,
    set,
    signs: new Map([...signs, [node, new Map([...(signs.get(node) ?? []), [neuron, sign]])]]),
    choices: [],
  });
  return [withSign(1), withSign(-1)];
}

/** The children by the choice whose worse child is best in one pass (filtered smart branching). */
async function bestChildren(
  graph: LayerGraph,
  root: AllEnds,
  branch: Branch,
  clause: Clause,
  options: BranchOptions,
): Promise<Branch[]> {
  const pairs = branch.choices.map((choice) => halves(branch, choice));
  if (pairs.length === 1) return pairs[0]!;
  const all = pairs.flat();
  const { context, empty } = await signContext(graph, root, all, options.isOutward);
  try {
    const perExample = clause.rows.length;
    const values = new Float32Array(all.length * perExample * graph.numClasses);
    all.forEach((_, n) => clause.rows.forEach((row, i) => values.set(row, (n * perExample + i) * graph.numClasses)));
    const rows = tf.tensor3d(values, [all.length, perExample, graph.numClasses]);
    const found = await lowerExactly(context, {
      node: graph.nodes.length - 1,
      rows,
      until: 'input',
      slopes: 'adaptive',
    }).finally(() => rows.dispose());
    const bound = (n: number): number =>
      empty.has(n) ? Infinity : Math.max(...clause.limits.map((limit, i) => found[n * perExample + i]! - limit));
    const worst = pairs.map((_, k) => Math.min(bound(2 * k), bound(2 * k + 1)));
    return pairs[worst.indexOf(Math.max(...worst))]!;
  } finally {
    context.dispose();
  }
}
