// Does a result depend on the batch?
//   node studies/attacks/batches.mjs [--backend cpu|onnxruntime] [--json]
//
// Protocol. The LeNet-5 of the bench `attacks`, the first test images of MNIST, Linf at 0.3;
// PGD-40, APGD-CE, APGD-T, FAB-T and Square with few steps. Each attack runs on all images at once,
// in batches of 7, one by one, and in a random order; an example keeps its id. On the cpu backend
// every flag and every value must be the same (exit code 1 otherwise), on ONNX Runtime at least
// 99.8% of the flags.
//   --examples 128  --steps 20  --queries 100  --alone 32 (examples that also run one by one)
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '../../packages/core/dist/gradients.js';
import { apgdCe, apgdT, fabT, pgd, square } from '../../packages/attacks/dist/index.js';
import { registerOnnxRuntime } from '../../packages/backend-onnxruntime/dist/index.js';
import { permutation } from '../../packages/core/dist/random.js';
import { mnist } from '../../packages/datasets/dist/index.js';
import { loadModel } from '../../packages/models/dist/index.js';

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'onnxruntime' },
    examples: { type: 'string', default: '128' },
    alone: { type: 'string', default: '32' },
    steps: { type: 'string', default: '20' },
    queries: { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
  },
});
const [examples, alone, steps, queries] = [values.examples, values.alone, values.steps, values.queries].map(Number);

tf.enableProdMode();
if (values.backend === 'onnxruntime') registerOnnxRuntime({ deterministic: true });
await tf.setBackend(values.backend);
const model = loadModel(await readFile(new URL('../../tooling/bench/nets/lenet5-pgd.safetensors', import.meta.url)));
const threat = { norm: 'linf', epsilon: 0.3 };
const { test } = await mnist();

/** Flags and points by id, from batches of `size` of the examples in `order`. */
async function run(attack, order, size) {
  const found = new Map();
  for await (const { x, y, ids } of test.subset(order).batches({ size })) {
    const { success, adversarial } = await attack.run(model, x, y, threat, { ids, seed: 0 });
    const points = await adversarial.data();
    ids.forEach((id, i) => found.set(id, { success: success[i], points: points.slice(i * 784, (i + 1) * 784) }));
    tf.dispose([x, y, adversarial]);
  }
  return found;
}

const all = Int32Array.from({ length: examples }, (_, i) => i);
const ways = {
  'batches of 7': [all, 7],
  'one by one': [all.slice(0, alone), 1],
  'random order': [permutation(0, 'order', examples), examples],
};
let isFine = true;
for (const attack of [
  pgd({ steps }),
  apgdCe({ steps }),
  apgdT({ steps, targets: 3 }),
  fabT({ steps, targets: 3 }),
  square({ queries }),
]) {
  const whole = await run(attack, all, examples);
  for (const [way, [order, size]] of Object.entries(ways)) {
    const part = await run(attack, order, size);
    const pairs = [...part].map(([id, mine]) => [mine, whole.get(id)]);
    const flags = pairs.filter(([mine, other]) => mine.success === other.success).length / pairs.length;
    const bits =
      pairs.filter(([mine, other]) => mine.points.every((value, i) => value === other.points[i])).length / pairs.length;
    isFine &&= values.backend === 'cpu' ? flags === 1 && bits === 1 : flags >= 0.998;
    const row = { backend: values.backend, attack: attack.name, way, examples: pairs.length, flags, bits };
    if (values.json) console.log(JSON.stringify(row));
    else
      console.log(`${attack.name}, ${way}: flags ${(100 * flags).toFixed(1)}%, all bits ${(100 * bits).toFixed(1)}%`);
  }
}
if (!isFine) process.exitCode = 1;
