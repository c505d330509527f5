// Our side of the bench `certification` on a tfjs backend (first argument). The case is JSON { method, epsilon, rounding }: `forward` is forward passes alone.
import * as tf from '@tensorflow/tfjs-core';
import '../../../packages/core/dist/gradients.js';
import { bounds } from '../../../packages/certification/dist/index.js';
import { resolveThreat } from '../../../packages/core/dist/threat.js';
import { multiplyAdds } from '../nets/multiply-adds.mjs';
import { images } from '../nets/noise.mjs';
import { smallCnn } from '../nets/small-cnn.mjs';
import { serve } from './serve.mjs';
import { useBackend } from './tfjs-backends.mjs';

tf.enableProdMode();
await useBackend(tf, process.argv[2]);

async function setup(given, batch) {
  const { method, epsilon, rounding = 'outward' } = JSON.parse(given);
  const net = smallCnn(tf);
  const logits = (x) => tf.tidy(() => net.logits(x, { training: false }));
  const model = { inputShape: net.inputShape, numClasses: 10, bounds: [0, 1], weights: {}, logits };
  const x = images(tf, [batch, ...net.inputShape]);
  const y = tf.tidy(() => tf.cast(tf.argMax(logits(x), 1), 'int32'));
  const threat = resolveThreat({ norm: 'linf', epsilon }, model.bounds);
  const step = async () => {
    if (method !== 'forward')
      return Math.min(...(await bounds({ method, rounding }).certify(model, x, y, threat)).margin);
    const scores = logits(x);
    await scores.data();
    scores.dispose();
    return 0;
  };
  const scores = logits(x);
  const described = {
    params: net.trainable.reduce((sum, { size }) => sum + size, 0),
    macs: await multiplyAdds(tf, () => logits(tf.slice(x, 0, 1))),
    logits: [...(await scores.data())],
    loss: await step(),
  };
  return { described, step };
}

await serve(setup);
