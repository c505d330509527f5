import '@advrob/backend-onnxruntime/register';
import { main } from '@advrob/cli';
import { createRegistry } from '@advrob/core';
import { mnist } from '@advrob/datasets';
import { mlp } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';
import plugin from './plugin.mjs';

await tf.setBackend('onnxruntime');
const registry = createRegistry([plugin]);
const model = mlp()(0);
const { test } = await mnist();
const attack = registry.attack('random-corner', { tries: 10 });
for await (const { x, y } of test.take(50).batches({ size: 50 })) {
  const { success, queries } = await attack.run(model, x, y, { norm: 'linf', epsilon: 0.3 });
  console.log(`${success.filter(Boolean).length} of 50 wrong or fooled, ${queries.reduce((a, b) => a + b)} queries`);
}

// The command knows it, too: advrob list attacks --plugin ./plugin.mjs
process.exitCode = await main(['list', 'attacks', '--plugin', './plugin.mjs']);
