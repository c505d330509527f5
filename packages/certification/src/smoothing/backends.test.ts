// The draws are made on the host and the votes on the backend: on a lazy one as on the cpu, but for scores that round otherwise.
import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { registerOnnxRuntime } from '@advrob/backend-onnxruntime';
import { createRandom } from '@advrob/core/random';
import { mlp } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, it } from 'vitest';
import { smoothedClassifier } from './smoothed-classifier.js';

const wanted = process.env.ADVROB_TEST_BACKEND;
afterAll(() => tf.setBackend('cpu'));

it.skipIf(wanted === 'cpu')('the votes of ONNX Runtime are those of the cpu', async () => {
  const found = [];
  registerOnnxRuntime({ threads: 1 });
  for (const backend of ['cpu', 'onnxruntime']) {
    await tf.setBackend(backend);
    const model = mlp({ inputShape: [4, 4, 1], hidden: [8], numClasses: 3 })(1);
    const x = createRandom({ seed: 2 }).uniform('x', [3, 4, 4, 1], 0, 1);
    const before = tf.memory().numTensors;
    found.push(await smoothedClassifier(model, { sigma: 0.5 }).predict(x, { draws: 300 }));
    expect(tf.memory().numTensors).toBe(before);
    x.dispose();
    model.dispose!();
  }
  const [cpu, native] = found.map((each) => each.map(({ counts }) => [...counts]));
  for (const [row, counts] of cpu!.entries())
    for (const [label, count] of counts.entries())
      expect(Math.abs(count - native![row]![label]!)).toBeLessThanOrEqual(2);
});
