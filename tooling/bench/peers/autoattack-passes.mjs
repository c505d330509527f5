// Counts the forward and backward passes of AutoAttack standard on a tfjs backend (first argument), and those of its reference's schedule on the same images:
//   count {examples, epsilon, steps?, queries?} -> { robust, peerRobust, differing, rows: [{ name, ours, peer, limit? }] }
// A pass is one row that goes through the model, forward or back; rows that only fill up a batch count too. Ours are all passes of one call of `run`, with the
// clean pass before it and the check after it. The schedule is run with dropping off: every example that a member starts with makes all of its steps, and a
// watcher notes when it is first fooled; it then pays for all of the member's restarts and targets up to that one, and leaves.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import * as tf from '@tensorflow/tfjs-core';
import '../../../packages/core/dist/gradients.js';
import { apgdCe, apgdT, autoattack, fabT, square } from '../../../packages/attacks/dist/index.js';
import { loadModel } from '../../../packages/models/dist/index.js';
import { useBackend } from './tfjs-backends.mjs';

tf.enableProdMode();
await useBackend(tf, process.argv[2]);

/** The members of the standard version in Linf; the targeted ones run nine targets one after the other, and first ask for the clean logits. */
const scheduleOf = ({ steps, queries }) => [
  { attack: apgdCe({ steps }), stages: 1, asksForClean: false },
  { attack: apgdT({ steps, targets: 9 }), stages: 9, asksForClean: true },
  { attack: fabT({ steps, targets: 9 }), stages: 9, asksForClean: true },
  { attack: square({ queries, rescaleSchedule: false }), stages: 1, asksForClean: false },
];

/** A model that counts its passes. */
function counting(model) {
  const passes = { forward: 0, backward: 0 };
  const logits = (x) => {
    passes.forward += x.shape[0];
    if (tf.engine().state.gradientDepth > 0) passes.backward += x.shape[0];
    return model.logits(x);
  };
  return { model: { ...model, logits }, passes };
}

/** A model that also notes, per row, in which call it was first fooled inside the ball. Calls count from 0, without the first `skipped`. */
function watching(model, clean, labels, epsilon, skipped) {
  const counted = counting(model);
  let [calls, first] = [tf.scalar(-skipped), tf.fill([clean.shape[0]], -1)];
  const logits = (x) => {
    const outputs = counted.model.logits(x);
    const before = [calls, first];
    [calls, first] = tf.tidy(() => {
      const distance = tf.max(tf.reshape(tf.abs(tf.sub(x, clean)), [x.shape[0], -1]), 1);
      const isFooled = tf.logicalAnd(
        tf.notEqual(tf.argMax(outputs, 1), labels),
        tf.lessEqual(distance, epsilon + 4e-7),
      );
      const isFirst = tf.logicalAnd(tf.logicalAnd(isFooled, tf.less(first, 0)), tf.greaterEqual(calls, 0));
      return [tf.keep(tf.add(calls, 1)), tf.keep(tf.where(isFirst, tf.mul(tf.onesLike(first), calls), first))];
    });
    tf.dispose(before);
    return outputs;
  };
  return { model: { ...model, logits }, passes: counted.passes, firstCalls: () => first.data() };
}

async function runSchedule(model, x, y, { epsilon, ...effort }) {
  const threat = { norm: 'linf', epsilon };
  const labels = await y.data();
  const predicted = await tf.tidy(() => tf.argMax(model.logits(x), 1)).data();
  let left = [...labels.keys()].filter((i) => predicted[i] === labels[i]);
  const total = { forward: labels.length, backward: 0 };
  const members = [];
  for (const { attack, stages, asksForClean } of scheduleOf(effort)) {
    const started = left.length;
    const ids = Int32Array.from(left);
    const [clean, own] = [tf.gather(x, tf.tensor1d(ids)), tf.gather(y, tf.tensor1d(ids))];
    const watched = watching(model, clean, own, epsilon, asksForClean ? 1 : 0);
    tf.dispose(await attack.maximize(watched.model, clean, own, threat, { ids }));
    const perStage = {
      forward: (watched.passes.forward / started - (asksForClean ? 1 : 0)) / stages,
      backward: watched.passes.backward / started / stages,
    };
    const found = [...(await watched.firstCalls())];
    const stagesPaid = found.reduce(
      (sum, call) => sum + (call < 0 ? stages : Math.floor(call / perStage.forward) + 1),
      0,
    );
    left = left.filter((_, i) => found[i] < 0);
    const made = { forward: stagesPaid * perStage.forward, backward: stagesPaid * perStage.backward };
    total.forward += made.forward;
    total.backward += made.backward;
    members.push({ name: attack.name, started, left: left.length, ...made });
  }
  return { left, total, members };
}

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
  const per = (passes) => passes / examples;
  const both = ({ forward, backward }) => per(forward + backward);
  return {
    robust: withstood.length / examples,
    peerRobust: reference.left.length / examples,
    differing:
      withstood.filter((i) => !reference.left.includes(i)).length + reference.left.filter((i) => success[i]).length,
    members: reference.members,
    rows: [
      { name: '', ours: both(counted.passes), peer: both(reference.total), limit: 0.7 },
      { name: ', forward', ours: per(counted.passes.forward), peer: per(reference.total.forward) },
      { name: ', backward', ours: per(counted.passes.backward), peer: per(reference.total.backward) },
    ],
  };
}

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await count(JSON.parse(line)))}\n`);
