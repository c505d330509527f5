import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import '@advrob/core/gradients';
const [backend = 'onnxruntime', batch = '64', ...names] = process.argv.slice(2);
let ort;
if (backend === 'onnxruntime')
  ((ort = await import('@advrob/backend-onnxruntime')), await import('@advrob/backend-onnxruntime/register'));
await tf.setBackend(backend);
await tf.ready();
const { lenet5, smallCnn } = await import('@advrob/models');
const A = await import('@advrob/attacks');
const model = lenet5()(0);
const n = Number(batch);
const x = tf.randomUniform([n, 28, 28, 1], 0, 1, 'float32', 1);
const logits = model.logits(x);
const y = tf.argMax(logits, 1);
await y.data();
const list = {
  pgd: [A.pgd({ steps: 20 }), 'linf', 0.3],
  pgdl1: [A.pgd({ steps: 20 }), 'l1', 10],
  apgd: [A.apgdCe({ steps: 20 }), 'linf', 0.3],
  apgdl2: [A.apgdCe({ steps: 20 }), 'l2', 2],
  apgdl1: [A.apgdCe({ steps: 20 }), 'l1', 10],
  fabt: [A.fabT({ steps: 20, targets: 1 }), 'linf', 0.3],
  fabtl1: [A.fabT({ steps: 20, targets: 1 }), 'l1', 10],
  square: [A.square({ queries: 40 }), 'linf', 0.3],
  squarel2: [A.square({ queries: 40 }), 'l2', 2],
  squarel1: [A.square({ queries: 40 }), 'l1', 10],
};
const { settle } = await import('@advrob/core/settle');
const oneHot = tf.oneHot(y, 10).cast ? tf.cast(tf.oneHot(y, 10), 'float32') : tf.cast(tf.oneHot(y, 10), 'float32');
async function bare(steps) {
  const t = performance.now();
  let adv = tf.clone(x);
  for (let i = 0; i < steps; i++) {
    const g = tf.tidy(() => {
      const gr = tf.grad((a) => tf.losses.softmaxCrossEntropy(oneHot, model.logits(a)))(adv);
      return tf.clipByValue(tf.add(adv, tf.mul(tf.sign(gr), 0.01)), 0, 1);
    });
    adv.dispose();
    adv = g;
    await settle(adv);
  }
  await adv.data();
  adv.dispose();
  return (performance.now() - t) / steps;
}
const med = (v) => v.sort((a, b) => a - b)[v.length >> 1];
await bare(5);
console.log(
  backend,
  'batch',
  n,
  'bare gradient step',
  med([await bare(8), await bare(8), await bare(8)]).toFixed(1),
  'ms',
);
for (const name of names.length ? names : Object.keys(list)) {
  const [attack, norm, epsilon] = list[name];
  const steps = attack.options.steps ?? attack.options.queries;
  const go = async (eps, seed) => {
    const before = ort?.stats?.() && structuredClone(ort.stats());
    const t = performance.now();
    // maximize: nothing dropped
    const adv =
      attack.definition.budget === 'fixed'
        ? await attack.maximize(model, x, y, { norm, epsilon: eps }, { step: seed })
        : (await attack.run(model, x, y, { norm, epsilon: Infinity }, { seed })).adversarial;
    await adv.data();
    adv.dispose();
    const ms = performance.now() - t;
    const after = ort?.stats?.();
    return [
      ms / steps,
      after
        ? {
            compiled: after.graphsCompiled - before.graphsCompiled,
            fallbacks: Object.fromEntries(
              Object.entries(after.fallbacks ?? {}).filter(([k, v]) => v !== before.fallbacks?.[k]),
            ),
          }
        : '',
    ];
  };
  const ref = await bare(8);
  const cold = await go(epsilon, 1);
  const w1 = await go(epsilon, 2);
  const w2 = await go(epsilon, 3);
  console.log(
    name,
    norm,
    'cold',
    cold[0].toFixed(1),
    'ms/step; bare now',
    ref.toFixed(1),
    'warm',
    w1[0].toFixed(1),
    w2[0].toFixed(1),
    JSON.stringify([cold[1], w1[1], w2[1]]),
  );
}
