import * as tf from '@tensorflow/tfjs-core';
import type { Classifier, ForwardOptions } from '../../contract/index.js';
import { ensure } from '../check.js';
import type { ModelCheck } from './sample-inputs.js';
import { largestDifference, rng, sampleInputs } from './sample-inputs.js';

async function valuesOf(variables: Readonly<Record<string, tf.Tensor>> = {}): Promise<Map<string, number[]>> {
  const values = new Map<string, number[]>();
  for (const [name, variable] of Object.entries(variables)) values.set(name, [...(await variable.data())]);
  return values;
}

/** Names of the variables that a pass changes. */
async function changedBy(
  model: Classifier,
  kind: 'weights' | 'buffers',
  mode: NonNullable<ForwardOptions['mode']>,
): Promise<string[]> {
  const before = await valuesOf(model[kind]);
  const x = sampleInputs(model, 4);
  tf.dispose([x, model.logits(x, { mode, rng })]);
  const after = await valuesOf(model[kind]);
  return [...before.keys()].filter((name) => largestDifference(before.get(name)!, after.get(name)!) > 0);
}

/** What the modes of a forward pass may change and depend on. */
export const modeChecks: Readonly<Record<string, ModelCheck>> = {
  async 'changes weights in no mode, and buffers in mode train only'(model) {
    for (const mode of ['eval', 'probe', 'train'] as const) {
      const weights = await changedBy(model, 'weights', mode);
      ensure(weights.length === 0, `a forward pass in mode ${mode} changed the weights ${weights.join(', ')}`);
      if (mode === 'train') continue;
      const buffers = await changedBy(model, 'buffers', mode);
      ensure(buffers.length === 0, `a forward pass in mode ${mode} changed the buffers ${buffers.join(', ')}`);
    }
  },

  async 'takes eval as the default mode'(model) {
    const x = sampleInputs(model, 4);
    const [silent, explicit] = [model.logits(x), model.logits(x, { mode: 'eval', rng })];
    const difference = largestDifference(await silent.data(), await explicit.data());
    tf.dispose([x, silent, explicit]);
    ensure(difference === 0, `logits(x) and logits(x, { mode: 'eval' }) differ by ${difference}`);
  },

  async 'needs no random numbers when dropout is off, and gives the same twice'(model) {
    const x = sampleInputs(model, 4);
    const how = { mode: 'probe', dropout: false } as const;
    const passes = [model.logits(x, how), model.logits(x, how)];
    const difference = largestDifference(await passes[0]!.data(), await passes[1]!.data());
    tf.dispose([x, ...passes]);
    ensure(difference === 0, `two passes in mode probe without dropout differ by ${difference}`);
  },

  async 'draws the same dropout from the same rng, in probe as in train'(model, again) {
    const x = sampleInputs(model, 4);
    const passes = [
      model.logits(x, { mode: 'probe', rng }),
      model.logits(x, { mode: 'probe', rng }),
      again.logits(x, { mode: 'train', rng }),
    ];
    const [first, second, trained] = [await passes[0]!.data(), await passes[1]!.data(), await passes[2]!.data()];
    tf.dispose([x, ...passes]);
    ensure(largestDifference(first, second) === 0, 'two passes in mode probe with the same rng differ');
    ensure(largestDifference(first, trained) === 0, 'modes probe and train with the same rng differ');
  },
};
