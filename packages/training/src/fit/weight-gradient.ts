import {
  AdvrobError,
  type Classifier,
  type Extras,
  type ForwardOptions,
  type Gradient,
  type Objective,
} from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * A gradient, its Euclidean norm over all weights, and the gradients of the inputs that the
 * objective wants.
 */
export interface MeasuredGradient extends Gradient {
  readonly norm: Tensor;
  readonly inputGradients: Readonly<Record<string, Tensor>>;
}

/**
 * Loss and gradient of an objective on prepared values at the current weights: one forward and one
 * backward pass.
 */
export function weightGradient<P extends Extras, E extends Extras>(
  objective: Objective<P, E>,
  values: P,
  model: Classifier,
  how: ForwardOptions,
): MeasuredGradient {
  const names = Object.keys(model.weights);
  const weights: Tensor[] = Object.values(model.weights);
  const inputs = objective.inputs ?? [];
  const differentiated = [...weights, ...inputs.map((name) => wanted(values, name))];
  const kept: Record<string, Tensor> = {};
  const forward = (): Tensor => {
    const { total, terms } = objective.loss(values, model, how);
    for (const [name, term] of Object.entries({ ...terms, total })) {
      checkScalar(name, term);
      // The tape frees what it does not return; the clones share the data.
      kept[name] = tf.keep(tf.clone(term));
    }
    return total;
  };
  try {
    return tf.tidy(() => {
      const allowNoGradients = true;
      const { grads } = tf.engine().gradients(forward, differentiated, undefined, allowNoGradients);
      // tfjs gives null for a weight that the loss does not depend on.
      const found = differentiated.map((x, i) => (grads[i] as Tensor | null | undefined) ?? tf.zerosLike(x));
      const all = found.slice(0, weights.length);
      return {
        grads: Object.fromEntries(names.map((name, i) => [name, all[i]!])),
        inputGradients: Object.fromEntries(inputs.map((name, i) => [name, found[weights.length + i]!])),
        terms: Object.fromEntries(Object.entries(kept).map(([name, term]) => [name, tf.clone(term)])),
        norm: tf.sqrt(tf.addN(all.map((gradient) => tf.sum(tf.square(gradient))))),
      };
    });
  } catch (error) {
    freeTape();
    throw error;
  } finally {
    tf.dispose(kept);
  }
}

function wanted(values: Extras, name: string): Tensor {
  const value = values[name];
  if (value) return value;
  throw new AdvrobError(
    'ADVROB_OBJECTIVE',
    `the objective wants the gradient of '${name}', but prepared only ${Object.keys(values).join(', ')}`,
  );
}

function checkScalar(name: string, term: Tensor): void {
  if (term.rank === 0 && term.dtype === 'float32') return;
  throw new AdvrobError(
    'ADVROB_OBJECTIVE',
    `expected the loss term '${name}' to be a float32 scalar, got ${term.dtype} [${term.shape.join(', ')}]: take its mean over the batch`,
  );
}

/** tfjs keeps what it saved for the backward pass when the forward pass throws. */
function freeTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return;
  for (const node of state.activeTape ?? []) for (const saved of node.saved ?? []) saved.dispose();
  state.activeTape = [];
}
