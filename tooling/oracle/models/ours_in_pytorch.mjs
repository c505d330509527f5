// Do models that are trained here load in PyTorch? After `pnpm build`, with Debian's python3-torch: node tooling/oracle/models/ours_in_pytorch.mjs
//
// Trains a small version of every architecture for some steps, so that batch norms have statistics of their own, saves it by savePytorchWeights, has PyTorch load it with
// load_state_dict (strict) and compares the logits of random inputs. Ends with 1 when one differs by more than 1e-4 of the largest.
import { createRequire } from 'node:module';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import plugin, { savePytorchWeights } from '../../../packages/models/dist/index.js';
import '../../../packages/core/dist/gradients.js';

const require = createRequire(new URL('../../../packages/models/package.json', import.meta.url));
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const python = process.env.ADVROB_BENCH_PYTHON ?? '/usr/bin/python3';
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const fixtures = here('../../../packages/models/test/fixtures/');
const folder = mkdtempSync(join(tmpdir(), 'advrob-ours-'));

await tf.setBackend('cpu');
const found = {};
for (const [name, factory] of Object.entries(plugin.models)) {
  const { options } = JSON.parse(readFileSync(join(fixtures, `${name}.json`), 'utf8'));
  const model = factory(options)(3);
  const x = tf.randomUniform([8, ...model.inputShape], 0, 1, 'float32', 5);
  const weights = Object.values(model.weights);
  for (let step = 0; step < 5; step++) {
    const loss = () => tf.mean(tf.square(tf.sub(model.logits(x, { mode: 'train', dropout: false }), 1)));
    const { grads } = tf.variableGrads(loss, weights);
    for (const weight of weights) weight.assign(tf.sub(weight, tf.mul(grads[weight.name], 0.01)));
  }
  writeFileSync(join(folder, `${name}.safetensors`), await savePytorchWeights(model));
  writeFileSync(join(folder, `${name}.json`), JSON.stringify([...(await x.data())]));
  found[name] = await model.logits(x).array();
}
const text = execFileSync(python, [here('ours_in_pytorch.py'), folder], {
  env: { ...process.env, OPENBLAS_NUM_THREADS: '1' },
});
const expected = JSON.parse(text);
for (const [name, logits] of Object.entries(found)) {
  const [ours, its] = [logits.flat(), expected[name].flat()];
  const largest = Math.max(...its.map(Math.abs));
  const farthest = Math.max(...ours.map((value, i) => Math.abs(value - its[i]))) / largest;
  console.log(`${name}: logits up to ${largest.toPrecision(2)} differ by at most ${farthest.toExponential(1)} of that`);
  if (!(farthest < 1e-4)) process.exitCode = 1;
}
rmSync(folder, { recursive: true });
