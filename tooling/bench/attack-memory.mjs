// Memory of AutoAttack on many rows in one batch: node tooling/bench/attack-memory.mjs [--rows 300] [--steps 10] [--queries 100] [--most 500] [net ...].
// Each net is a process of its own, whose largest resident memory is told; more than `most` MB is a failure. Fewer steps than by default
// visit the same graphs with fewer runs of each.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: {
    rows: { type: 'string', default: '300' },
    steps: { type: 'string', default: '10' },
    queries: { type: 'string', default: '100' },
    most: { type: 'string', default: '500' },
    part: { type: 'string' },
  },
  allowPositionals: true,
});
/** The radius of each net, at which many rows hold out to the end. */
const radii = { lenet5: 0.3, smallcnn: 0.01 };

if (values.part !== undefined) await attack(values.part);
else
  for (const net of positionals.length > 0 ? positionals : Object.keys(radii)) {
    const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2), '--part', net];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${net} failed:\n${stderr}`);
    console.log(stdout.trim());
    if (JSON.parse(stdout).megabytes > Number(values.most)) process.exitCode = 1;
  }

async function attack(net) {
  const tf = await import('@tensorflow/tfjs-core');
  await import('../../packages/core/dist/gradients.js');
  const { autoattack } = await import('../../packages/attacks/dist/index.js');
  const { registerOnnxRuntime } = await import('../../packages/backend-onnxruntime/dist/index.js');
  const { mnist } = await import('../../packages/datasets/dist/index.js');
  const { loadModel } = await import('../../packages/models/dist/index.js');
  const { classifier } = await import('./nets/classifiers.mjs');
  const [rows, steps, queries] = ['rows', 'steps', 'queries'].map((name) => Number(values[name]));
  tf.enableProdMode();
  registerOnnxRuntime();
  await tf.setBackend('onnxruntime');
  const model =
    net === 'lenet5'
      ? loadModel(readFileSync(new URL('nets/lenet5-pgd.safetensors', import.meta.url)))
      : classifier(tf, net);
  const { test } = await mnist();
  for await (const { x, y } of test.take(rows).batches({ size: rows })) {
    // A net that was not trained is right by its own word.
    const labels = net === 'lenet5' ? y : tf.tidy(() => tf.argMax(model.logits(x), 1));
    const threat = { norm: 'linf', epsilon: radii[net] };
    const { success } = await autoattack({ steps, queries }).run(model, x, labels, threat);
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    const held = success.filter((each) => each === 0).length;
    const [megabytes, cpuSeconds] = [Math.round(maxRSS / 1000), Math.round((userCPUTime + systemCPUTime) / 1e5) / 10];
    console.log(JSON.stringify({ net, rows, held, megabytes, cpuSeconds }));
  }
}
