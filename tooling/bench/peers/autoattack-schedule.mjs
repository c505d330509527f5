// The passes of AutoAttack standard in Linf under its reference's schedule, in which examples leave only between members, restarts and targets, and under
// other policies, all counted from one run with dropping off: every example that a member starts with makes all of its steps, and a watcher notes in which
// forward pass it is first fooled. A pass is one row that goes through the model, forward or back.
import * as tf from '@tensorflow/tfjs-core';
import { apgdCe, apgdT, fabT, square } from '../../../packages/attacks/dist/index.js';
import { settle } from '../../../packages/core/dist/index.js';

/**
 * The members of the standard version in Linf; the targeted ones run nine targets one after the other, and first ask for the clean logits. The authors'
 * program makes further forward passes (autopgd_base.py, fab_base.py, square.py and autoattack.py of https://github.com/fra31/auto-attack): one on the
 * clean examples before each member and one check after it; per target of APGD-T one for the target class, per target of FAB-T two for label and target
 * class and one check, and one check in Square.
 */
const scheduleOf = ({ steps, queries }) => [
  { attack: apgdCe({ steps }), stages: 1, asksForClean: false, further: 2 },
  { attack: apgdT({ steps, targets: 9 }), stages: 9, asksForClean: true, further: 2, furtherPerStage: 1 },
  { attack: fabT({ steps, targets: 9 }), stages: 9, asksForClean: true, further: 2, furtherPerStage: 3 },
  {
    attack: square({ queries, rescaleSchedule: false }),
    stages: 1,
    asksForClean: false,
    further: 2,
    furtherPerStage: 1,
  },
];

/** A model that counts its passes. */
export function counting(model) {
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
  // Every step, or a lazy backend would record what the watcher does until the end.
  const onProgress = () => void settle(calls, first);
  return { model: { ...model, logits }, passes: counted.passes, onProgress, firstCalls: () => first.data() };
}

/**
 * Runs the schedule on images `x` with labels `y`.
 *
 * @returns `left`: the positions that withstood; `members`: per member its `stages`, the passes of one row in one stage, and for each row that it started with
 * the number of the call that first fooled it, or -1.
 */
export async function runSchedule(model, x, y, { epsilon, ...effort }) {
  const threat = { norm: 'linf', epsilon };
  const labels = await y.data();
  const predicted = await tf.tidy(() => tf.argMax(model.logits(x), 1)).data();
  let left = [...labels.keys()].filter((i) => predicted[i] === labels[i]);
  const members = [];
  for (const { attack, asksForClean, ...facts } of scheduleOf(effort)) {
    const started = left.length;
    const ids = Int32Array.from(left);
    const [clean, own] = [tf.gather(x, tf.tensor1d(ids)), tf.gather(y, tf.tensor1d(ids))];
    const watched = watching(model, clean, own, epsilon, asksForClean ? 1 : 0);
    const { onProgress } = watched;
    tf.dispose(await attack.maximize(watched.model, clean, own, threat, { ids, onProgress }));
    const perStage = {
      forward: (watched.passes.forward / started - (asksForClean ? 1 : 0)) / facts.stages,
      backward: watched.passes.backward / started / facts.stages,
    };
    const found = [...(await watched.firstCalls())];
    left = left.filter((_, i) => found[i] < 0);
    members.push({ name: attack.name, ...facts, perStage, found });
  }
  return { examples: labels.length, left, members };
}

/** Stages that an example pays for when it leaves between them. */
const stagesPaid = ({ stages, perStage }, call) => (call < 0 ? stages : Math.floor(call / perStage.forward) + 1);

/** Passes per example of each policy, each with one idea more than the one before. */
export function policies({ examples, members }) {
  const clean = members[0].found.length;
  const times = ({ forward, backward }, count) => ({ forward: forward * count, backward: backward * count });
  const total = (parts) => ({
    forward: 1 + parts.reduce((sum, { forward }) => sum + forward, 0) / examples,
    backward: parts.reduce((sum, { backward }) => sum + backward, 0) / examples,
  });
  const everywhere = (count) => members.map(({ stages, perStage }) => times(perStage, stages * count));
  const climbs = ({ perStage }) => perStage.backward === perStage.forward;
  const withOwnSuccess = members.map((member) => {
    const made = times(member.perStage, member.stages * examples);
    return climbs(member) ? { ...made, forward: 2 * made.forward } : made;
  });
  const betweenMembers = members.map(({ stages, perStage, found }) => times(perStage, stages * found.length));
  const betweenStages = members.map((member) =>
    times(
      member.perStage,
      member.found.reduce((sum, call) => sum + stagesPaid(member, call), 0),
    ),
  );
  const further = members.map((member) => ({
    forward: member.found.reduce(
      (sum, call) => sum + member.further + (member.furtherPerStage ?? 0) * stagesPaid(member, call),
      0,
    ),
    backward: 0,
  }));
  const atOnce = members.map(({ stages, perStage, found }) => ({
    forward: found.reduce((sum, call) => sum + (call < 0 ? stages * perStage.forward : call + 1), 0),
    backward: found.reduce(
      (sum, call) =>
        sum + (call < 0 ? stages * perStage.backward : Math.ceil(((call + 1) * perStage.backward) / perStage.forward)),
      0,
    ),
  }));
  return [
    { name: 'every attack on every example, success asked in a pass of its own', ...total(withOwnSuccess) },
    { name: 'one pass serves loss, success and next step', ...total(everywhere(examples)) },
    { name: 'clean errors are skipped', ...total(everywhere(clean)) },
    { name: 'examples leave between members', ...total(betweenMembers) },
    { name: "and between targets: the reference's schedule", isReference: true, ...total(betweenStages) },
    { name: "the same as the authors' program makes it", ...total([...betweenStages, ...further]) },
    { name: 'examples leave at once', ...total(atOnce) },
  ];
}
