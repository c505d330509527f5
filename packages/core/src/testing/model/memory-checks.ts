import * as tf from '@tensorflow/tfjs-core';
import { ensure } from '../check.js';
import type { ModelCheck } from './sample-inputs.js';
import { rng, sampleInputs } from './sample-inputs.js';

/** Who owns which tensor. */
export const memoryChecks: Readonly<Record<string, ModelCheck>> = {
  'leaves exactly its result behind, in every mode'(model) {
    const x = sampleInputs(model, 2);
    for (const mode of ['eval', 'probe', 'train'] as const) {
      const before = tf.memory().numTensors;
      const logits = model.logits(x, { mode, rng });
      const made = tf.memory().numTensors - before;
      logits.dispose();
      ensure(made === 1, `logits in mode ${mode} left ${made} tensors, expected 1: wrap it in tf.tidy`);
      ensure(tf.memory().numTensors === before, `the logits in mode ${mode} are not the caller's to dispose`);
    }
    ensure(!x.isDisposed, 'it disposed its input');
    x.dispose();
  },

  'keeps its weights alive inside and outside of tf.tidy'(model) {
    const x = sampleInputs(model, 2);
    tf.tidy(() => {
      model.logits(x);
    });
    model.logits(x).dispose();
    x.dispose();
    for (const [name, variable] of Object.entries({ ...model.weights, ...model.buffers }))
      ensure(!variable.isDisposed, `'${name}' was disposed by a forward pass`);
  },

  'gives features and scores that belong to the caller alone'(model) {
    if (model.features === undefined || model.head === undefined) return;
    const x = sampleInputs(model, 2);
    const before = tf.memory().numTensors;
    const features = model.features(x);
    const scores = model.head(features);
    const made = tf.memory().numTensors - before;
    tf.dispose([features, scores]);
    ensure(made === 2, `features and head left ${made} tensors, expected 2`);
    ensure(!x.isDisposed && tf.memory().numTensors === before, 'features or scores are shared with something else');
    x.dispose();
  },
};
