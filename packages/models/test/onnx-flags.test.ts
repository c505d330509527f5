import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { autoattack } from '@advrob/attacks';
import { readOnnx } from '@advrob/onnx';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { exportClassifier } from '../src/onnx/export.js';
import { fromOnnx } from '../src/onnx/classifier.js';
import { smallModels } from './small-models.js';

// The small form of tooling/oracle/onnx/flags.mjs.
it('AutoAttack fools the same examples of an exported and imported network', async () => {
  await tf.setBackend('cpu');
  const own = smallModels.mlp(3);
  const isImage = own.inputShape.length === 3;
  const imported = await fromOnnx(readOnnx(await exportClassifier(own)), {
    bounds: own.bounds,
    ...(isImage && { layout: 'NCHW' as const }),
  });
  const x = tf.randomUniform([24, ...own.inputShape], ...own.bounds, 'float32', 7);
  const y = tf.tidy(() => tf.argMax(own.logits(x), 1));
  const flags = [];
  for (const model of [own, imported]) {
    const attack = autoattack({ steps: 3, queries: 5 });
    const { success, adversarial } = await attack.run(model, x, y, { norm: 'linf', epsilon: 0.03 }, { seed: 1 });
    adversarial.dispose();
    flags.push([...success].map(Boolean));
  }
  expect(flags[1]).toEqual(flags[0]);
  // Some are fooled and some are not, or nothing is compared.
  expect(new Set(flags[0]).size).toBe(2);
  tf.dispose([x, y]);
  own.dispose!();
  imported.dispose!();
});
