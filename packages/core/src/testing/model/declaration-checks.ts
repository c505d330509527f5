import { Variable } from '@tensorflow/tfjs-core';
import type { ModelCheck } from './sample-inputs.js';
import { ensure } from '../check.js';

/** What a model says about itself. */
export const declarationChecks: Readonly<Record<string, ModelCheck>> = {
  'declares an input shape, classes and bounds'({ inputShape, numClasses, bounds }) {
    ensure(inputShape.length > 0, 'inputShape is empty');
    ensure(
      inputShape.every((side) => Number.isInteger(side) && side > 0),
      `inputShape [${inputShape.join(', ')}] has a side that is not a positive integer`,
    );
    ensure(
      Number.isInteger(numClasses) && numClasses >= 2,
      `numClasses is ${numClasses}, expected an integer of at least 2`,
    );
    const [low, high] = bounds;
    ensure(
      bounds.length === 2 && low < high,
      `bounds are [${bounds.join(', ')}], expected [low, high] with low < high`,
    );
    ensure(Number.isFinite(high - low), 'bounds are not finite');
  },

  'names its weights and buffers, each a variable of its own'({ weights, buffers = {} }) {
    const entries = [...Object.entries(weights), ...Object.entries(buffers)];
    for (const [name, variable] of entries) ensure(variable instanceof Variable, `'${name}' is not a tf.Variable`);
    const names = new Set(entries.map(([name]) => name));
    ensure(names.size === entries.length, 'a name is both a weight and a buffer');
    const ids = new Set(entries.map(([, { id }]) => id));
    ensure(ids.size === entries.length, 'a variable has two names');
    for (const [name, { dtype }] of Object.entries(weights))
      ensure(dtype === 'float32', `weight '${name}' is ${dtype}, expected float32`);
  },

  async 'starts with finite weights that are the same when it is made again'({ weights, buffers }, again) {
    const others = { ...again.weights, ...again.buffers };
    const entries = Object.entries({ ...weights, ...buffers });
    ensure(entries.length === Object.keys(others).length, 'made again it has other weights');
    for (const [name, variable] of entries) {
      const values = await variable.data();
      const other = await others[name]?.data();
      ensure(other !== undefined, `made again it lacks '${name}'`);
      ensure(values.every(Number.isFinite), `'${name}' has entries that are not finite`);
      ensure(
        values.every((value, i) => value === other[i]),
        `'${name}' has other values when the model is made again: draw them from the seed`,
      );
    }
  },
};
