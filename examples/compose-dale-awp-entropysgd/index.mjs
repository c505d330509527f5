// What papers describe as methods are parts here: the objective and its attack from one, the weight perturbation from another, the optimizer from a third.
import '@advrob/backend-onnxruntime/register';
import { langevin, pgd } from '@advrob/attacks';
import { mnist } from '@advrob/datasets';
import { mlp } from '@advrob/models';
import { dalePd } from '@advrob/trainers-dual-langevin';
import { entropySgd } from '@advrob/trainers-entropysgd';
import { awp, fit } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';

await tf.setBackend('onnxruntime');
const { train, test } = await mnist();
const model = mlp({ hidden: [64] })(0);
const threat = { norm: 'linf', epsilon: 0.1 };
const { history } = await fit({
  model,
  data: train.take(2000),
  threat,
  objective: dalePd({ rho: 0.5, dualStep: 0.05 }), // DALE: at most 0.5 of clean loss ...
  attack: langevin({ steps: 5, start: 'uniform' }), // ... while its Langevin sampler searches the ball
  transforms: [awp({ gamma: 0.005 })], // each gradient is that at the worst weights nearby
  optimizer: entropySgd({ innerSteps: 5, innerRate: 0.05 }), // five of them make one outer step
  learningRate: 1,
  schedule: { name: 'cosine' },
  batchSize: 60,
  epochs: 10,
});
const { loss } = history.at(-1);
console.log(`clean loss ${loss.clean.toFixed(2)}, robust loss ${loss.robust.toFixed(2)}, nu ${loss.nu.toFixed(2)}`);
for await (const { x, y } of test.take(200).batches({ size: 200 })) {
  const { robustAccuracy } = await pgd({ steps: 20 }).run(model, x, y, threat);
  console.log(`robust accuracy at 0.1: ${(100 * robustAccuracy).toFixed(1)}%`);
  if (robustAccuracy < 0.3) throw new Error('this should reach 30%');
}
