// Bundled by run.mjs together with the backend's sources, then run as a process of its own.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { parseArgs } from 'node:util';
import { watchFallbacks } from '../conformance/fallbacks.mjs';
import { modes } from '../conformance/modes.mjs';
import { shareSessions } from '../conformance/sessions.mjs';
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
const faults = values.fault?.split(',');
const names = faults ?? values.mode.split(',');
let fallbacks = {};
if (faults !== undefined) for (const fault of faults) registerImitation(fault, fault);
else {
  fallbacks = watchFallbacks();
  const { loadRuntime } = await import('../src/runtime/binding.js');
  shareSessions(loadRuntime());
  for (const mode of names) await registerMode(mode);
}

/** Registers the backend under the name of the mode, so that several can run in turns. */
async function registerMode(mode) {
  if (modes[mode] === undefined) throw new Error(`Unknown mode ${mode}; there are ${Object.keys(modes).join(', ')}.`);
  if (mode === 'cpu') return;
  const { backendName, registerOnnxRuntime } = await import('../src/index.js');
  registerOnnxRuntime(modes[mode].options);
  tf.registerBackend(mode, tf.engine().registryFactory[backendName].factory, 0);
  for (const kernel of tf.getKernelsForBackend(backendName)) tf.registerKernel({ ...kernel, backendName: mode });
}

const seed = Number(values.seed);
const programs = values.programs.split(',').map(Number);
const subjects = names.map((name, at) => ({ name, programs: programs[at] ?? programs.at(-1) }));
const failures = [];
const report = (failure) => {
  failures.push(failure);
  const where = names.length > 1 ? ` on ${failure.subject}` : '';
  say(`FAILED seed ${failure.seed}${where}: ${failure.failure}\n${failure.program.replaceAll(/^/gm, '  ')}\n`);
};
const options = { subjects, seed, stopAfter: Number(values['stop-after']), shouldShrink: !values['no-shrink'] };
const outcome = await fuzz(tf, options, report);
const results = outcome.subjects.map((counts) => ({
  ...counts,
  fallbacks: fallbacks[counts.name] ?? {},
  failures: failures.filter(({ subject }) => subject === counts.name),
}));
if (values.json) process.stdout.write(`${JSON.stringify({ seed, ops: outcome.ops, subjects: results })}\n`);
for (const [at, { name, ran, passed, failed, skipped, fallbacks }] of results.entries()) {
  if (ran < subjects[at].programs) say(`stopped after ${failed} failures`);
  const calls = Object.entries(fallbacks).map(
    ([kernel, { float32, other }]) => `${kernel} (${float32} float32, ${other} other)`,
  );
  if (calls.length > 0) say(`fallbacks: ${calls.join(', ')}`);
  say(`${name}: seeds ${seed} to ${seed + ran - 1}, ${skipped} refused by cpu and not counted`);
  say(`${passed} passed, ${failed} failed`);
}
process.exit(results.some(({ passed, failed }) => failed > 0 || passed === 0) ? 1 : 0);
