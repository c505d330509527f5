import type { Attack, Norm } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { smallProblem } from '../contract/problem.js';

/** Tensors that come and go with what is left of the batch. */
const slack = 12;

/** That an attack of several rounds, of which `many` has more than `few`, holds the tensors of one. */
export function holdsOneRound(few: Attack, many: Attack, norm: Norm, epsilon: number): void {
  it(`${many.name} holds no more tensors for more rounds`, async () => {
    await tf.setBackend('cpu');
    const problem = await smallProblem([4, 4, 2]);
    const { x, y } = problem;
    const peakOf = async (attack: Attack): Promise<number> => {
      let peak = 0;
      const logits: typeof problem.model.logits = (...given) => {
        peak = Math.max(peak, tf.memory().numTensors);
        return problem.model.logits(...given);
      };
      (await attack.run({ ...problem.model, logits }, x, y, { norm, epsilon })).adversarial.dispose();
      return peak;
    };
    const peak = await peakOf(few);
    expect(peak).toBeGreaterThan(0);
    expect(await peakOf(many)).toBeLessThanOrEqual(peak + slack);
    problem.dispose();
  });
}
