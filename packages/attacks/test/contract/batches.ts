import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { examples, rowsOf, shuffled, type Problem } from './problem.js';
import { runOn, valuesOf, withProblem, type Subject, type SubjectCheck, type Values } from './subject.js';

const many = 128;

/** The sixteen examples eight times over, each time under other ids. */
function repeated({ x, y }: Problem): { x: tf.Tensor; y: tf.Tensor } {
  return tf.tidy(() => ({
    x: tf.tile(x, [many / x.shape[0]!, ...x.shape.slice(1).map(() => 1)]),
    y: tf.tile(y, [many / y.shape[0]!]),
  }));
}

async function runRows(subject: Subject, problem: Problem, ids: Int32Array) {
  const all = repeated(problem);
  const part = rowsOf(all, ids);
  try {
    return await valuesOf(runOn(subject, { ...problem, ...part }, { ids }));
  } finally {
    tf.dispose([all, part]);
  }
}

/** That a result does not depend on the batch. */
export const batches: Readonly<Record<string, SubjectCheck>> = {
  'gives each example the same in batches of 1, 7, 16 and 128 and in any order': (subject) =>
    withProblem(subject, async (problem) => {
      const whole = await runRows(
        subject,
        problem,
        Int32Array.from({ length: many }, (_, i) => i),
      );
      const size = whole.points.length / many;
      const parts: (readonly [Int32Array, Values])[] = [
        [Int32Array.from({ length: examples }, (_, i) => i), await subject.usual()],
      ];
      for (const ids of [Int32Array.of(90), shuffled(7, many)]) parts.push([ids, await runRows(subject, problem, ids)]);
      for (const [ids, part] of parts) {
        const wanted = [...ids].map((id) => whole.success[id]!);
        if (!subject.isExact) {
          // One flag in 128 may turn on the last bit of a sum.
          const others = part.success.filter((hit, i) => hit !== wanted[i]).length;
          expect(others).toBeLessThanOrEqual(ids.length > 7 ? 1 : 0);
          continue;
        }
        expect(part.success).toEqual(wanted);
        expect(part.points).toEqual([...ids].flatMap((id) => whole.points.slice(id * size, (id + 1) * size)));
      }
    }),
};
