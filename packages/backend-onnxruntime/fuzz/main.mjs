// Bundled by run.mjs together with the backend's sources, then run as a process of its own.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { parseArgs } from 'node:util';
import { watchFallbacks } from '../conformance/fallbacks.mjs';
import { modes } from '../conformance/modes.mjs';
import { fuzz } from './fuzz.mjs';
import { registerImitation } from './imitation.mjs';

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    programs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    mode: { type: 'string', default: 'normal' },
    fault: { type: 'string' },
    'no-shrink': { type: 'boolean', default: false },
    'stop-after': { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
});
const say = (line) => values.json || process.stdout.write(`${line}\n`);

tf.enableProdMode();
let subject = 'imitation';
let fallbacks = {};
if (values.fault !== undefined) registerImitation(values.fault);
else {
  const { backendName, options } = modes[values.mode];
  subject = backendName;
  fallbacks = watchFallbacks(subject);
  const { registerOnnxRuntime } = await import('../src/index.js');
  await registerOnnxRuntime(options);
}

const total = Number(values.programs);
const seed = Number(values.seed);
const stopAfter = Number(values['stop-after']);
const batch = 100;
const sum = { passed: 0, failed: 0, skipped: 0, ops: {} };
const failures = [];
const report = (failure) => {
  failures.push(failure);
  say(`FAILED seed ${failure.seed}: ${failure.failure}\n${failure.program.replaceAll(/^/gm, '  ')}\n`);
};
for (let done = 0; done < total && sum.failed < stopAfter; done += batch) {
  const programs = Math.min(batch, total - done);
  const counts = await fuzz(tf, { subject, programs, seed: seed + done, shouldShrink: !values['no-shrink'] }, report);
  for (const field of ['passed', 'failed', 'skipped']) sum[field] += counts[field];
  for (const [op, count] of Object.entries(counts.ops)) sum.ops[op] = (sum.ops[op] ?? 0) + count;
}
const ran = sum.passed + sum.failed + sum.skipped;
if (values.json) process.stdout.write(`${JSON.stringify({ seed, ran, ...sum, fallbacks, failures })}\n`);
else {
  if (ran < total) say(`stopped after ${sum.failed} failures`);
  const calls = Object.entries(fallbacks).map(
    ([kernel, { float32, other }]) => `${kernel} (${float32} float32, ${other} other)`,
  );
  if (calls.length > 0) say(`fallbacks: ${calls.join(', ')}`);
  say(`seeds ${seed} to ${seed + ran - 1}, ${sum.skipped} refused by cpu and not counted`);
  say(`${sum.passed} passed, ${sum.failed} failed`);
}
process.exit(sum.failed > 0 || sum.passed === 0 ? 1 : 0);
