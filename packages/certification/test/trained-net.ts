import type { Batch, Classifier, Objective, PrepareContext } from '@advrob/core';
import { createRandom, createRowRandom } from '@advrob/core/random';
import { createThreat } from '@advrob/core/threat';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';

type Values = Readonly<Record<string, number[]>>;

/** Two steps of IBP in PyTorch; see tooling/oracle/training/ibp.py. */
export const fixture = JSON.parse(
  readFileSync(new URL('../../../tooling/oracle/training/fixtures/ibp.json', import.meta.url), 'utf8'),
) as {
  kappa: number;
  epsilon: number;
  factor: number;
  rate: number;
  shapes: Values;
  x: number[];
  y: number[];
  initial: Values;
  steps: { terms: Record<string, number>; gradients: Values; weights: Values }[];
};

/** The network of the fixture: a convolution, ReLU or another activation, and a dense layer. */
export function trainedNet(activation: (x: Tensor) => Tensor = tf.relu): Classifier {
  const weights = Object.fromEntries(
    Object.entries(fixture.initial).map(([name, values]) => [
      name,
      tf.tidy(() => tf.variable(tf.tensor(values, fixture.shapes[name]))),
    ]),
  );
  const { filter, bias, kernel, last } = weights as Record<string, Tensor>;
  return {
    inputShape: [5, 5, 1],
    numClasses: 3,
    bounds: [0, 1],
    weights,
    logits: (x) =>
      tf.tidy(() => {
        const hidden = activation(tf.add(tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2, 'valid'), bias!));
        return tf.add(tf.matMul(tf.reshape(hidden, [x.shape[0]!, 8]) as tf.Tensor2D, kernel as tf.Tensor2D), last!);
      }),
    dispose: () => tf.dispose(weights),
  };
}

/** The examples of the fixture; the caller's to free. */
export function trainedBatch(): Batch {
  const count = fixture.y.length;
  return {
    x: tf.tensor(fixture.x, [count, 5, 5, 1]),
    y: tf.tensor1d(fixture.y, 'int32'),
    ids: Int32Array.from({ length: count }, (_, i) => i),
    extras: {},
  };
}

/** What `prepare` has at hand: an attack that gives random points of the ball. */
export function contextFor(model: Classifier, epsilon: number, epsilonFactor = 1): PrepareContext {
  const threat = createThreat({ norm: 'linf', epsilon }, model.bounds);
  return {
    model,
    step: 0,
    epoch: 0,
    rng: createRandom({ seed: 1 }),
    threat,
    epsilonFactor,
    maximize: async ({ x, ids }) => threat.randomStart(x, createRowRandom({ seed: 2, ids })),
  };
}

/** Value, terms and weight gradients of an objective on what it prepares. */
export async function lossOf(
  objective: Objective,
  model: Classifier,
  context: PrepareContext,
): Promise<{ readonly terms: Record<string, number>; readonly gradients: Record<string, number[]> }> {
  const batch = trainedBatch();
  const values = await objective.prepare(batch, context);
  const terms: Record<string, Tensor> = {};
  const { value, grads } = tf.tidy(() =>
    tf.variableGrads(() => {
      const { total, terms: parts } = objective.loss(values, model, { mode: 'train' });
      for (const [name, value] of Object.entries<Tensor>({ ...parts, total })) terms[name] = tf.keep(tf.clone(value));
      return total as tf.Scalar;
    }, Object.values(model.weights)),
  );
  const numbersOf = (all: Record<string, Tensor>): [string, number[]][] =>
    Object.entries(all).map(([name, tensor]) => [name, Array.from(tensor.dataSync())]);
  const nameOf = new Map(Object.entries(model.weights).map(([name, { name: own }]) => [own, name]));
  const found = {
    terms: Object.fromEntries(numbersOf(terms).map(([name, [value]]) => [name, value!])),
    gradients: Object.fromEntries(numbersOf(grads).map(([own, value]) => [nameOf.get(own)!, value])),
  };
  tf.dispose([value, terms, grads, values, batch.x, batch.y]);
  return found;
}

/** The largest difference of a gradient from central differences of the loss, relative to its largest entry. */
export async function gradientError(
  objective: Objective,
  model: Classifier,
  context: PrepareContext,
  at: readonly (readonly [name: string, place: number])[],
): Promise<number> {
  const { gradients } = await lossOf(objective, model, context);
  const step = 2e-3;
  let worst = 0;
  for (const [name, place] of at) {
    const variable = model.weights[name]!;
    const values = Array.from(variable.dataSync());
    const moved = async (by: number): Promise<number> => {
      tf.tidy(() =>
        variable.assign(
          tf.tensor(
            values.map((value, i) => (i === place ? value + by : value)),
            variable.shape,
          ),
        ),
      );
      return (await lossOf(objective, model, context)).terms['total']!;
    };
    const slope = ((await moved(step)) - (await moved(-step))) / (2 * step);
    await moved(0);
    worst = Math.max(
      worst,
      Math.abs(slope - gradients[name]![place]!) / Math.max(0.1, ...gradients[name]!.map(Math.abs)),
    );
  }
  return worst;
}
