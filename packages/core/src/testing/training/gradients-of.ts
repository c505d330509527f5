import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Classifier, Extras, ForwardOptions, Objective } from '../../contract/index.js';

type Named = Record<string, Tensor>;

/** Gradients of an objective by weight and by wanted input, and its terms; zeros where the loss does not depend. The tensors are the caller's. */
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
