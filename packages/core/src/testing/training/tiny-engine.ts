import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type {
  Batch,
  Classifier,
  Extras,
  ForwardOptions,
  Objective,
  PrepareContext,
  Prepared,
  Work,
  WorkTransform,
} from '../../contract/index.js';
import { createRandom, createRowRandom } from '../../random.js';
import { createThreat } from '../../threat.js';
import type { TinyProblem } from './tiny-problem.js';

/**
 * As little of a training engine as the suites need: one step's work at a time, everything given
 * out freed at its end.
 */
export interface TinyEngine {
  /** Batches drawn so far. */
  draws: number;
  /** Steps made so far. */
  steps: number;
  /** Awaits `body` with the work of one step. */
  step(rate: number, body: (work: Work) => Promise<void>): Promise<void>;
}

/**
 * What `prepare` has at hand; the inner maximisation is a random point of the Linf ball of radius
 * 0.1.
 */
export function tinyContext<E extends Extras>(
  problem: TinyProblem<E>,
  draw: number,
  own: (tensor: Tensor) => void,
): PrepareContext {
  const threat = createThreat({ norm: 'linf', epsilon: 0.1 }, [0, 1]);
  return {
    model: problem.model,
    step: draw,
    epoch: Math.floor(draw / 2),
    rng: createRandom({ seed: 1, step: draw }),
    threat,
    epsilonFactor: 1,
    async maximize({ x, ids }: Batch) {
      const adversarial = threat.randomStart(x, createRowRandom({ seed: 2, ids, step: draw }));
      own(adversarial);
      return adversarial;
    },
  };
}

export function tinyEngine<P extends Extras, E extends Extras>(
  problem: TinyProblem<E>,
  objective: Objective<P, E>,
  transforms: readonly WorkTransform[] = [],
): TinyEngine {
  const engine: TinyEngine = { draws: 0, steps: 0, step };
  const { model } = problem;
  objective.open?.({ ...model, batchSize: 6 });

  async function step(rate: number, body: (work: Work) => Promise<void>): Promise<void> {
    const given = new Set<Tensor>();
    const own = (tensor: Tensor): void => void given.add(tensor);
    let isUpdated = false;
    const work: Work = {
      model,
      rate,
      step: engine.steps,
      epoch: Math.floor(engine.draws / 2),
      rng: createRandom({ seed: 3, step: engine.steps }),
      async draw(): Promise<Prepared> {
        isUpdated = false;
        const batch = problem.batch(Math.floor(engine.draws / (objective.replays ?? 1)));
        [batch.x, batch.y, ...Object.values<Tensor>(batch.extras)].forEach(own);
        const values = await objective.prepare(batch, tinyContext(problem, engine.draws++, own));
        Object.values<Tensor>(values).forEach(own);
        return { values };
      },
      async gradient({ values }, { probe = false } = {}) {
        const how = { mode: probe ? ('probe' as const) : ('train' as const), rng: createRandom({ seed: 4 }) };
        const { grads, inputGradients, terms } = gradientsOf(objective, values as P, model, how);
        [terms, grads, inputGradients].flatMap((tensors) => Object.values(tensors)).forEach(own);
        if (!probe && !isUpdated) tf.tidy(() => objective.afterGradient?.(terms, inputGradients));
        if (!probe) isUpdated = true;
        return { grads, terms };
      },
      update: (body) => void tf.tidy(body),
      hold(tensor) {
        own(tensor);
        return tensor;
      },
    };
    try {
      await body(transforms.reduce((inner, transform) => transform(inner), work));
      engine.steps += 1;
    } finally {
      for (const tensor of given) if (!(tensor instanceof tf.Variable) && !tensor.isDisposed) tensor.dispose();
    }
  }
  return engine;
}

type Named = Record<string, Tensor>;

/**
 * Gradients of an objective by weight and by wanted input, and its terms; zeros where the loss does
 * not depend. The tensors are the caller's.
 */
export function gradientsOf<P extends Extras, E extends Extras>(
  objective: Objective<P, E>,
  values: P,
  model: Classifier,
  how: ForwardOptions,
): { readonly grads: Named; readonly inputGradients: Named; readonly terms: Named } {
  const weights: [string, Tensor][] = Object.entries(model.weights);
  const inputs = (objective.inputs ?? []).map((name): [string, Tensor] => [name, values[name]!]);
  const kept: Named = {};
  const loss = (): Tensor => {
    const { total, terms } = objective.loss(values, model, how);
    for (const [name, term] of Object.entries<Tensor>({ ...terms, total })) kept[name] = tf.keep(tf.clone(term));
    return total;
  };
  const all = [...weights, ...inputs];
  const found = tf.tidy(() => {
    const xs = all.map(([, tensor]) => tensor);
    const allowNoGradients = true;
    const { grads } = tf.engine().gradients(loss, xs, undefined, allowNoGradients);
    return xs.map((x, i) => (grads[i] as Tensor | null | undefined) ?? tf.zerosLike(x));
  });
  const named = (entries: [string, Tensor][], from: number): Named =>
    Object.fromEntries(entries.map(([name], i) => [name, found[from + i]!]));
  return { grads: named(weights, 0), inputGradients: named(inputs, weights.length), terms: kept };
}
