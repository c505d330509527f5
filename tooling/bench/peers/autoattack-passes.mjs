// Counts the forward and backward passes of AutoAttack standard on a tfjs backend (first argument), and those of its reference's schedule on the same images:
//   count {examples, epsilon, steps?, queries?} -> { robust, peerRobust, differing, members, rows: [{ name, ours, peer, limit? }] }
// See autoattack-schedule.mjs. Ours are all passes of one call of `run`, with the clean pass before it, the check after it and the rows that only fill up a batch.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import * as tf from '@tensorflow/tfjs-core';
import '../../../packages/core/dist/gradients.js';
import { autoattack } from '../../../packages/attacks/dist/index.js';
import { loadModel } from '../../../packages/models/dist/index.js';
import { counting, policies, runSchedule } from './autoattack-schedule.mjs';
import { useBackend } from './tfjs-backends.mjs';

tf.enableProdMode();
await useBackend(tf, process.argv[2]);

async function count({ examples, epsilon, steps = 100, queries = 5000 }) {
  const file = readFileSync(process.env.ADVROB_BENCH_IMAGES);
  const values = new Float32Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
  const all = values.length / 785;
  const x = tf.tensor4d(values.slice(0, examples * 784), [examples, 28, 28, 1]);
  const y = tf.tensor1d(Int32Array.from(values.slice(all * 784, all * 784 + examples)), 'int32');
  const model = loadModel(readFileSync(process.env.ADVROB_BENCH_WEIGHTS));

  const reference = await runSchedule(model, x, y, { epsilon, steps, queries });
  const counted = counting(model);
  const { success, adversarial } = await autoattack({ steps, queries }).run(counted.model, x, y, {
    norm: 'linf',
    epsilon,
  });
  adversarial.dispose();
  const withstood = [...success].flatMap((hit, i) => (hit ? [] : [i]));
  const both = ({ forward, backward }) => forward + backward;
  const made = { forward: counted.passes.forward / examples, backward: counted.passes.backward / examples };
  const ladder = policies(reference);
  const schedule = ladder.find(({ isReference }) => isReference);
  return {
    robust: withstood.length / examples,
    peerRobust: reference.left.length / examples,
    differing:
      withstood.filter((i) => !reference.left.includes(i)).length + reference.left.filter((i) => success[i]).length,
    members: reference.members.map(({ name, found }) => ({
      name,
      started: found.length,
      fooled: found.filter((call) => call >= 0).length,
    })),
    rows: [
      { name: '', ours: both(made), peer: both(schedule), limit: 0.7 },
      { name: ', forward', ours: made.forward, peer: schedule.forward },
      { name: ', backward', ours: made.backward, peer: schedule.backward },
      ...ladder.map((policy) => ({ name: `: ${policy.name}`, ours: both(policy), peer: both(schedule) })),
    ],
  };
}

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await count(JSON.parse(line)))}\n`);
