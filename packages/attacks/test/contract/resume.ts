import type { RunStorage } from '@advrob/core';
import { memoryStorage } from '@advrob/core';
import { evaluate } from '@advrob/evaluation';
import { expect } from 'vitest';
import { datasetOf, type Problem } from './problem.js';
import { withProblem, type Subject, type SubjectCheck } from './subject.js';

function run({ attack, norm }: Subject, problem: Problem, storage: RunStorage, factor = 1) {
  return evaluate({
    model: problem.model,
    data: datasetOf(problem),
    attacks: [{ attack, norm, epsilon: factor * problem.epsilonOf(norm) }],
    batchSize: 8,
    samples: 0,
    saveAdversarial: true,
    seed: 3,
    storage,
  });
}

/** A storage that dies in the middle of its `last`-th append. */
function mortal(storage: ReturnType<typeof memoryStorage>, last: number): RunStorage {
  let appends = 0;
  return {
    ...storage,
    async append(name, bytes) {
      appends += 1;
      await storage.append!(name, appends === last ? bytes.subarray(0, bytes.length / 2) : bytes);
      if (appends === last) throw new Error('killed');
    },
  };
}

/** That an evaluation survives a kill. */
export const resumption: Readonly<Record<string, SubjectCheck>> = {
  'gives the same bits after a kill in the middle, and refuses to go on with another radius': (subject) =>
    withProblem(subject, async (problem) => {
      const [whole, cut] = [memoryStorage(), memoryStorage()];
      const wanted = await run(subject, problem, whole);
      await expect(run(subject, problem, mortal(cut, 4))).rejects.toThrow('killed');
      const resumed = await run(subject, problem, cut);
      expect(resumed.result).toEqual(wanted.result);
      expect(resumed.examples).toEqual(wanted.examples);
      for (const [name, bytes] of whole.files)
        if (name.endsWith('.safetensors')) expect(cut.files.get(name)).toEqual(bytes);
      await expect(run(subject, problem, cut, 2)).rejects.toMatchObject({ code: 'ADVROB_EVALUATION_MISMATCH' });
    }),
};
