import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Batch, Classifier, Extras, Objective } from '../../contract/index.js';
import { createRandom } from '../../random.js';
import { ensure } from '../check.js';
import { gradientsOf } from './tiny-engine.js';
import { areEqual, saveValues } from './saved-values.js';

export interface ObjectiveSituation {
  readonly model: Classifier;
  readonly objective: Objective;
  readonly batch: Batch<Extras>;
  readonly isGradientOfValue: boolean;
  /** Tensors that the suite frees. */
  readonly made: ReadonlySet<Tensor>;
  prepare(): Promise<Extras>;
}

const how = () => ({ mode: 'train' as const, rng: createRandom({ seed: 4 }) });

/** The total loss and the terms as numbers. */
async function values({ objective, model }: ObjectiveSituation, prepared: Extras): Promise<Record<string, number>> {
  const loss = tf.tidy(() => {
    const { total, terms } = objective.loss(prepared, model, how());
    return { ...terms, total };
  });
  const entries: [string, number][] = [];
  for (const [name, term] of Object.entries<Tensor>(loss)) {
    ensure(
      term.rank === 0 && term.dtype === 'float32',
      `'${name}' is ${term.dtype} [${term.shape.join(', ')}], a float32 scalar is needed`,
    );
    entries.push([name, (await term.data())[0]!]);
  }
  tf.dispose(loss);
  return Object.fromEntries(entries);
}

/** The gradients in the order of the weights. */
function gradients({ objective, model }: ObjectiveSituation, prepared: Extras): Tensor[] {
  const { grads, inputGradients, terms } = gradientsOf(objective, prepared, model, how());
  tf.dispose([inputGradients, terms]);
  return Object.values(grads);
}

/** Length of the step of the finite differences. */
const reach = 1e-2;

export const objectiveChecks: Readonly<Record<string, (situation: ObjectiveSituation) => Promise<void>>> = {
  async 'has finite scalar losses with names that stay'(situation) {
    const first = await values(situation, await situation.prepare());
    for (const [name, value] of Object.entries(first)) ensure(Number.isFinite(value), `'${name}' is ${value}`);
    const second = await values(situation, await situation.prepare());
    ensure(Object.keys(first).join() === Object.keys(second).join(), 'the names of the terms changed');
  },
  async 'has a pure loss: the same twice, and the weights stay'(situation) {
    const before = await saveValues(situation.model.weights);
    const prepared = await situation.prepare();
    const [a, b] = [await values(situation, prepared), await values(situation, prepared)];
    ensure(JSON.stringify(a) === JSON.stringify(b), 'the loss of the same values changed');
    ensure(areEqual(before, await saveValues(situation.model.weights)), 'the weights changed');
  },
  async 'prepares the same from the same seed, and leaves the batch alone'(situation) {
    const { batch, prepare } = situation;
    const x = await batch.x.data();
    const [a, b] = [await prepare(), await prepare()];
    for (const name of Object.keys(a))
      ensure(String(await a[name]!.data()) === String(await b[name]!.data()), `'${name}' differs`);
    ensure(!batch.x.isDisposed && !batch.y.isDisposed, 'prepare disposed the batch');
    ensure(String(x) === String(await batch.x.data()), 'prepare changed the batch');
  },
  async 'has the gradient of its value'(situation) {
    if (!situation.isGradientOfValue) return;
    const { model } = situation;
    const prepared = await situation.prepare();
    const found = gradients(situation, prepared);
    const rng = createRandom({ seed: 6 });
    const weights = Object.values(model.weights);
    const directions = weights.map((weight, i) => rng.normal(`direction ${i}`, weight.shape));
    const inner = tf.tidy(() => tf.addN(found.map((g, i) => tf.sum(tf.mul(g, directions[i]!)))));
    const slope = (await inner.data())[0]!;
    const move = (length: number) =>
      tf.tidy(() => weights.forEach((w, i) => w.assign(tf.add(w, tf.mul(directions[i]!, length)))));
    move(reach);
    const above = (await values(situation, prepared))['total']!;
    move(-2 * reach);
    const below = (await values(situation, prepared))['total']!;
    tf.dispose([found, directions, inner]);
    const measured = (above - below) / (2 * reach);
    ensure(
      Math.abs(measured - slope) <= 1e-2 * (1 + Math.abs(slope)),
      `along a direction the gradient says ${slope}, finite differences say ${measured}`,
    );
  },
  async 'leaves no tensors in prepare, loss and afterGradient, and keeps the keys of its state'(situation) {
    const { objective, made, prepare, model } = situation;
    const keys = Object.keys(objective.state ?? {}).join();
    const others = () => tf.memory().numTensors - [...made].filter(({ isDisposed }) => !isDisposed).length;
    const before = others();
    for (let i = 0; i < 2; i++) {
      const prepared = await prepare();
      for (const name of objective.inputs ?? [])
        ensure(prepared[name] !== undefined, `it wants the gradient of '${name}', which it does not prepare`);
      const { grads, inputGradients, terms } = gradientsOf(objective, prepared, model, how());
      tf.tidy(() => objective.afterGradient?.(terms, inputGradients));
      tf.dispose([grads, inputGradients, terms]);
    }
    const left = others() - before;
    ensure(left === 0, `${left} tensors are left that were neither returned nor freed`);
    ensure(
      Object.keys(objective.state ?? {}).join() === keys,
      'the keys of its state changed: checkpoints need them from the start',
    );
  },
};
