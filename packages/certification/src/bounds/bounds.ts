import {
  AdvrobError,
  defineCertifier,
  type CertifyResult,
  type Classifier,
  type ThreatModel,
  type Verdict,
} from '@advrob/core';
import { layerGraph, type LayerGraph } from '@advrob/models/layer-graph';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { decide } from './decide.js';
import { ballsAround, examplesOf, type InputSet } from './input-set.js';
import { logitsOf, rounded, type Clause } from './search.js';
import { marginRows, requireFloat32, solveAll } from './solve.js';

const options = z.strictObject({
  method: z
    .enum(['ibp', 'crown-ibp', 'crown', 'alpha-crown', 'bab'])
    .default('crown')
    .describe('from the cheapest to the tightest: intervals, linear bounds, optimised ones, branch and bound'),
  steps: z.int().min(0).default(100).describe('steps of the optimised slopes'),
  rate: z.number().positive().default(0.1).describe('rate of the optimised slopes'),
  seconds: z.number().positive().default(60).describe('time for one example of alpha-crown and bab; then it is open'),
  nodes: z.int().min(1).default(10_000).describe('branches of one class of one example of bab; then it is open'),
  rounding: z
    .enum(['outward', 'none'])
    .default('outward')
    .describe('whether bounds hold in spite of rounding in float32'),
  memory: z.number().positive().default(256).describe('MB that the coefficients of one pass may take'),
  radius: z
    .boolean()
    .default(false)
    .describe('whether the largest radius is looked for, by bisection; not for alpha-crown and bab'),
});
type Options = z.output<typeof options>;

/**
 * Deterministic certificates by bounds on the logits: of the model itself, for every point of the
 * ball that lies within the bounds. `ibp` propagates intervals (Gowal et al. 2018,
 * https://arxiv.org/abs/1810.12715), `crown` linear bounds back from the margins (Zhang et al. 2018,
 * https://arxiv.org/abs/1811.00866), `crown-ibp` those over intervals inside, `alpha-crown` optimises
 * their slopes (Xu et al. 2021, https://arxiv.org/abs/2011.13824), and `bab` splits neurons, or up
 * to 10 inputs, until a label is shown or lost (Wang et al. 2021, https://arxiv.org/abs/2103.06624).
 * Balls of L2 and L1 are cut with the bounds, which makes them smaller.
 *
 * @example
 * ```ts
 * const { verdicts } = await bounds({ method: 'crown' }).certify(model, x, y, threat);
 * ```
 */
export const bounds = defineCertifier({
  name: 'bounds',
  summary: 'Deterministic certificates by interval and linear bounds, with branch and bound.',
  paper:
    'Zhang et al. 2018, Efficient Neural Network Robustness Certification with General Activation Functions, https://arxiv.org/abs/1811.00866',
  norms: ['linf', 'l2', 'l1'],
  options,
  statement: ({ norm, epsilon }, { method, rounding }) => ({
    kind: 'deterministic',
    of: 'model',
    rounding,
    text: `No point within ${norm} ${epsilon} and the bounds has another label, shown by ${method} for the model in real arithmetic${rounding === 'outward' ? '; rounding of the proof in float32 is covered' : '; rounding of the proof is not covered'}.`,
  }),
  async check(model, threat, { method, rounding, radius }) {
    if (radius && (method === 'alpha-crown' || method === 'bab'))
      throw new AdvrobError(
        'ADVROB_CERTIFY',
        `'bounds': radius is looked for with ibp, crown-ibp and crown, not with ${method}`,
      );
    if (!(threat.epsilon >= 0)) throw new AdvrobError('ADVROB_CERTIFY', `'bounds': epsilon is ${threat.epsilon}`);
    if (rounding === 'outward') await requireFloat32();
    (await layerGraph(model)).dispose();
  },
  async certify({ model, x, y, threat, ids, seed, signal, onProgress }, chosen): Promise<CertifyResult> {
    const graph = await layerGraph(model);
    try {
      const [values, labels] = await Promise.all([x.data(), y.data()]);
      const work = { model, graph, x: values as Float32Array, labels, threat, ids, seed, signal };
      const prediction = await predicted(work);
      const report = (done: number): void => {
        signal?.throwIfAborted();
        onProgress?.({ done, total: prediction.length });
      };
      const isDecided = chosen.method === 'alpha-crown' || chosen.method === 'bab';
      return isDecided
        ? await decideEach(work, prediction, chosen, report)
        : await boundAll(work, prediction, chosen, report);
    } finally {
      graph.dispose();
    }
  },
});

interface Work {
  readonly model: Classifier;
  readonly graph: LayerGraph;
  /** [n, size] */
  readonly x: Float32Array;
  readonly labels: ArrayLike<number>;
  readonly threat: ThreatModel;
  readonly ids: Int32Array;
  readonly seed: number;
}

const megabyte = 2 ** 20;

async function predicted({ model, graph, x, labels }: Work): Promise<Int32Array> {
  const classes = graph.numClasses;
  const size = x.length / labels.length;
  const found = new Int32Array(labels.length);
  const step = 256;
  for (let from = 0; from < labels.length; from += step) {
    const count = Math.min(step, labels.length - from);
    const logits = await logitsOf(model, x.subarray(from * size, (from + count) * size), count);
    for (let i = 0; i < count; i++)
      for (let k = 1; k < classes; k++)
        if (logits[i * classes + k]! > logits[i * classes + found[from + i]!]!) found[from + i] = k;
  }
  return found;
}

function setOf({ x, graph, threat }: Work, epsilon: number | Float64Array): InputSet {
  const norm = threat.norm as 'linf' | 'l2' | 'l1';
  return ballsAround(x, graph.inputShape, { norm, epsilon, bounds: threat.bounds });
}

type Report = (done: number) => void;

async function boundAll(work: Work, prediction: Int32Array, chosen: Options, report: Report): Promise<CertifyResult> {
  const { graph, labels, threat } = work;
  const method = chosen.method as 'ibp' | 'crown-ibp' | 'crown';
  const limits = { method, isOutward: chosen.rounding === 'outward', memory: chosen.memory * megabyte };
  const rows = marginRows(labels, graph.numClasses);
  const marginsAt = async (epsilon: number | Float64Array, onBatch?: Report) => {
    const { bounds: all, passes } = await solveAll(graph, setOf(work, epsilon), rows, limits, onBatch);
    const margin = Float64Array.from({ length: labels.length }, (_, n) =>
      lowest(all.subarray(n * rows.perExample, (n + 1) * rows.perExample)),
    );
    return { margin, passes };
  };
  const { margin, passes } = await marginsAt(threat.epsilon, report);
  const isRight = (n: number): boolean => prediction[n] === labels[n];
  const verdicts = Array.from(margin, (each, n): Verdict => {
    if (!isRight(n)) return 'falsified';
    return each > 0 ? 'certified' : 'open';
  });
  let radius: Float64Array | null = null;
  if (chosen.radius) radius = await largestRadii(work, marginsAt, margin, passes);
  return { verdicts, prediction, radius, margin, counterexamples: null, passes };
}

/** NaN stays what it is: bounds that overflow certify nothing. */
function lowest(values: Float64Array): number {
  return values.reduce((least, each) => (each < least || Number.isNaN(each) ? each : least), Infinity);
}

/** Halvings of the range in which a radius lies. */
const halvings = 24;

/** Bounds need not grow with epsilon, so that only a radius that was shown itself counts. */
async function largestRadii(
  { x, labels, threat }: Work,
  marginsAt: (epsilon: Float64Array) => Promise<{ margin: Float64Array; passes: Float64Array }>,
  margin: Float64Array,
  passes: Float64Array,
): Promise<Float64Array> {
  const count = labels.length;
  const size = x.length / count;
  const range = threat.bounds[1] - threat.bounds[0];
  const most = { linf: range, l2: range * Math.sqrt(size), l1: range * size, l0: 0 }[threat.norm];
  const low = Float64Array.from(margin, (each) => (each > 0 ? Math.min(threat.epsilon, most) : 0));
  const high = Float64Array.from(margin, (each) => (each > 0 ? most : Math.min(threat.epsilon, most)));
  for (let step = 0; step < halvings; step++) {
    const middle = low.map((each, n) => (each + high[n]!) / 2);
    const found = await marginsAt(middle);
    found.margin.forEach((each, n) => ((each > 0 ? low : high)[n] = middle[n]!));
    found.passes.forEach((each, n) => (passes[n]! += each));
  }
  return low;
}

async function decideEach(work: Work, prediction: Int32Array, chosen: Options, report: Report): Promise<CertifyResult> {
  const { model, graph, x, labels, threat, ids, seed } = work;
  const classes = graph.numClasses;
  const size = x.length / labels.length;
  const all = setOf(work, threat.epsilon);
  const verdicts: Verdict[] = [];
  const margin = new Float64Array(labels.length);
  const passes = new Float64Array(labels.length);
  const points = x.slice();
  for (let n = 0; n < labels.length; n++) {
    const { coefficients, perExample } = marginRows([labels[n]!], classes);
    const clauses = Array.from({ length: perExample }, (_, row): Clause => ({
      rows: [coefficients.subarray(row * classes, (row + 1) * classes)],
      limits: [0],
    }));
    const own = x.subarray(n * size, (n + 1) * size);
    const set = examplesOf(all, n, n + 1);
    const [low, high] = [-1, 1].map((sign) =>
      Float64Array.from(own, (value) => {
        const end = value + sign * threat.epsilon;
        return sign < 0 ? Math.max(threat.bounds[0], end) : Math.min(threat.bounds[1], end);
      }),
    ) as [Float64Array, Float64Array];
    if (prediction[n] !== labels[n]) {
      verdicts.push('falsified');
      margin[n] = -Infinity;
    } else {
      const end = performance.now() + chosen.seconds * 1000;
      const problem = { model, set, inner: rounded(set, low, high), clauses, isClosed: false };
      const found = await decide(graph, problem, {
        method: chosen.method as 'alpha-crown' | 'bab',
        isOutward: chosen.rounding === 'outward',
        memory: chosen.memory * megabyte,
        steps: chosen.steps,
        rate: chosen.rate,
        nodes: chosen.nodes,
        seed: seed * 65_537 + ids[n]!,
        isOver: () => performance.now() > end,
      });
      verdicts.push(found.verdict);
      margin[n] = found.bound;
      passes[n] = found.passes;
      if (found.point) points.set(found.point, n * size);
    }
    report(n + 1);
  }
  const counterexamples = tf.tensor(points, [labels.length, ...graph.inputShape]);
  return { verdicts, prediction, radius: null, margin, counterexamples, passes };
}
