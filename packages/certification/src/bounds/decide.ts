import type { Verdict } from '@advrob/core';
import type { LayerGraph } from '@advrob/models/layer-graph';
import * as tf from '@tensorflow/tfjs-core';
import { optimizedBounds } from './alpha.js';
import { branchAndBound } from './branch.js';
import { boundsInside } from './crown.js';
import { searchPoint, type Clause, type Problem } from './search.js';

export interface DecideOptions {
  readonly method: 'alpha-crown' | 'bab';
  readonly isOutward: boolean;
  readonly memory: number;
  readonly steps: number;
  readonly rate: number;
  readonly nodes: number;
  readonly seed: number;
  readonly isOver: () => boolean;
}

export interface Decided {
  readonly verdict: Verdict;
  /** Smallest over the clauses of the lower bound of its row that is furthest from its limit. */
  readonly bound: number;
  readonly point: Float32Array | undefined;
  readonly passes: number;
}

/** Steps and starts of the descent that looks for a counterexample first. */
const search = { steps: 50, restarts: 20 };

/** Optimised slopes before anything is split: fewer steps, since a split does more. */
const stepsOfBranch = 20;

/**
 * Decides one example: looks for a counterexample, shows clauses to be impossible by bounds with
 * optimised slopes, and with `bab` splits what is left for those that are not.
 */
export async function decide(graph: LayerGraph, problem: Problem, options: DecideOptions): Promise<Decided> {
  const { seed, isOver } = options;
  const point = await searchPoint(problem, { ...search, seed, isOver });
  let passes = 2 * (search.steps + 1) * Math.max(search.restarts, problem.clauses.length);
  if (point) return { verdict: 'falsified', bound: -Infinity, point, passes };
  const first = await clauseBounds(graph, problem, options);
  passes += first.passes;
  const bounds = [...first.bounds];
  if (options.method === 'alpha-crown') return { ...undecided(bounds), point: undefined, passes };
  // What is furthest from being shown comes last.
  const order = bounds.map((_, i) => i).sort((a, b) => bounds[b]! - bounds[a]!);
  for (const i of order) {
    if (bounds[i]! > 0) continue;
    const found = await branchAndBound(graph, problem, problem.clauses[i]!, {
      ...options,
      steps: Math.min(options.steps, stepsOfBranch),
      atOnce: atOnce(graph, options.memory),
    });
    passes += found.passes;
    if (found.verdict === 'falsified') return { verdict: 'falsified', bound: -Infinity, point: found.point, passes };
    bounds[i] = Math.max(bounds[i]!, found.bound);
    // A part that is shown is above its limit, by how much is not known.
    if (found.verdict === 'certified') bounds[i] = Math.max(bounds[i]!, Number.MIN_VALUE);
    else break;
  }
  return { ...undecided(bounds), point: undefined, passes };
}

function undecided(bounds: readonly number[]): { verdict: Verdict; bound: number } {
  const bound = Math.min(...bounds);
  return { verdict: bound > 0 ? 'certified' : 'open', bound };
}

/** Branches of one pass: eight times the neurons in float32 for each, and for the choice of a split six. */
function atOnce({ nodes }: LayerGraph, memory: number): number {
  const neurons = nodes.reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0);
  return Math.max(1, Math.min(32, Math.floor(memory / (neurons * 4 * 48))));
}

async function clauseBounds(graph: LayerGraph, { set, clauses }: Problem, options: DecideOptions) {
  const { isOutward, memory, steps, rate, isOver } = options;
  const context = await boundsInside(graph, set, {
    method: 'crown',
    isOutward,
    slopes: 'adaptive',
    isCut: true,
    memory,
  });
  const all = clauses.flatMap(({ rows }) => rows);
  const values = new Float32Array(all.length * graph.numClasses);
  all.forEach((row, i) => values.set(row, i * graph.numClasses));
  const rows = tf.tensor3d(values, [1, all.length, graph.numClasses]);
  try {
    const enough = Math.max(...clauses.flatMap(({ limits }) => limits));
    const found = await optimizedBounds(context, rows, { steps, rates: { alpha: rate, beta: rate }, isOver, enough });
    let at = 0;
    const bounds = clauses.map(({ limits }: Clause) => {
      const rooms = limits.map((limit) => found[at++]! - limit);
      return Math.max(...rooms.map((room) => (Number.isNaN(room) ? -Infinity : room)));
    });
    return { bounds, passes: context.work.rows };
  } finally {
    tf.dispose(rows);
    context.dispose();
  }
}
