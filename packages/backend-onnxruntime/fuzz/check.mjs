import { assess } from './assess.mjs';
import { difference } from './compare.mjs';
import { evaluate } from './evaluate.mjs';
import { sensitivity } from './sensitivity.mjs';

/**
 * Runs a program on cpu and on the subject. Returns undefined when they agree, { skipped } when cpu cannot run it or it is ill conditioned,
 * and otherwise { failure, values }: what differs, and cpu's numbers of every node for the shrinker.
 */
export async function check(tf, subject, program) {
  await tf.setBackend('cpu');
  const assessments = [];
  for (let repeat = 0; repeat < program.style.repeats; repeat++) {
    const assessed = await assess(tf, program, repeat);
    if (assessed === undefined) break;
    assessments.push(assessed);
  }
  if (assessments.length === 0) return { skipped: 'ill conditioned' };
  let reference;
  const before = usage(tf);
  try {
    reference = await scoped(tf, () => evaluate(tf, program, assessments.length));
  } catch (error) {
    return { skipped: error.message };
  }
  const kept = growth(before, usage(tf)); // tfjs' Nesterov momentum never disposes one scalar
  const failure = await compareWith(tf, subject, program, assessments, reference, kept);
  return failure === undefined ? undefined : { failure, values: assessments[0].values };
}

async function compareWith(tf, subject, program, assessments, reference, kept) {
  const { metas } = assessments[0];
  const isExact = assessments.every((each) => each.metas.every(({ exact }) => exact)) && program.kind === 'forward';
  const moved = isExact
    ? reference.map((results) => results.map(() => 0))
    : await sensitivity(tf, program, reference.length, metas, reference);
  await tf.setBackend(subject);
  const before = usage(tf);
  let actual;
  try {
    actual = await scoped(tf, () => evaluate(tf, program, reference.length));
  } catch (error) {
    return `threw: ${error.message}`;
  }
  for (const [repeat, results] of reference.entries()) {
    for (const [i, expected] of results.entries()) {
      const id = Number(expected.label.split(' ')[1]);
      const exact = program.kind === 'forward' && assessments.every((each) => each.metas[id].exact);
      const found = difference(expected, actual[repeat][i], moved[repeat][i], exact);
      if (found !== undefined) return repeat === 0 ? found : `in repeat ${repeat}, ${found}`;
    }
  }
  return leak(kept, growth(before, usage(tf)));
}

/** Runs in a scope of its own, so that a program that throws half way leaves nothing behind. */
async function scoped(tf, run) {
  tf.engine().startScope();
  try {
    return await run();
  } finally {
    tf.engine().endScope();
  }
}

const usage = (tf) => {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  return { numTensors, numDataBuffers, numBytes, numDataIds: tf.backend().numDataIds() };
};

const growth = (before, after) =>
  Object.fromEntries(Object.entries(before).map(([field, value]) => [field, after[field] - value]));

function leak(expected, actual) {
  for (const field of Object.keys(expected)) {
    if (actual[field] !== expected[field])
      return `leaks: ${field} grew by ${actual[field]}, on cpu by ${expected[field]}`;
  }
  return undefined;
}
