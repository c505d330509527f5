import { assess } from './assess.mjs';
import { difference } from './compare.mjs';
import { evaluate } from './evaluate.mjs';
import { sensitivity } from './sensitivity.mjs';

/** Makes a backend the current one. */
export async function use(tf, name) {
  if (tf.getBackend() !== name) await tf.setBackend(name);
}

/**
 * What the cpu backend says of a program: { skipped } when it cannot run it or it is ill conditioned. Else what is known of every value
 * in each repeat (`assessments`), the results, how much rounding moves them, and what of cpu's memory is left behind (`kept`).
 */
export async function refer(tf, program) {
  await use(tf, 'cpu');
  const assessments = [];
  for (let repeat = 0; repeat < program.style.repeats; repeat++) {
    const assessed = await assess(tf, program, repeat);
    if (assessed === undefined) break;
    assessments.push(assessed);
  }
  if (assessments.length === 0) return { skipped: 'ill conditioned' };
  let results;
  const before = usage(tf);
  try {
    results = await scoped(tf, () => evaluate(tf, program, assessments.length));
  } catch (error) {
    return { skipped: error.message };
  }
  const kept = growth(before, usage(tf)); // tfjs' Nesterov momentum never disposes one scalar
  const isExact = assessments.every((each) => each.metas.every(({ exact }) => exact)) && program.kind === 'forward';
  const moved = isExact
    ? results.map((repeat) => repeat.map(() => 0))
    : await sensitivity(tf, program, results.length, assessments[0].metas, results);
  return { assessments, results, moved, kept };
}

/** Runs a program on the subject: what differs from cpu, as a sentence, or undefined. */
export async function compare(tf, subject, program, { assessments, results, moved, kept }) {
  await use(tf, subject);
  const before = usage(tf);
  let actual;
  try {
    actual = await scoped(tf, () => evaluate(tf, program, results.length));
  } catch (error) {
    return `threw: ${error.message}`;
  }
  for (const [repeat, expectations] of results.entries()) {
    for (const [i, expected] of expectations.entries()) {
      const id = Number(expected.label.split(' ')[1]);
      const exact = program.kind === 'forward' && assessments.every((each) => each.metas[id].exact);
      const found = difference(expected, actual[repeat][i], moved[repeat][i], exact);
      if (found !== undefined) return repeat === 0 ? found : `in repeat ${repeat}, ${found}`;
    }
  }
  return leak(kept, growth(before, usage(tf)));
}

/** Both: a failure with cpu's numbers of every node, for the shrinker; undefined when there is none. */
export async function check(tf, subject, program) {
  const expected = await refer(tf, program);
  if (expected.skipped !== undefined) return undefined;
  const failure = await compare(tf, subject, program, expected);
  return failure === undefined ? undefined : { failure, values: expected.assessments[0].values };
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
