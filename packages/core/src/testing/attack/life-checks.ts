import * as tf from '@tensorflow/tfjs-core';
import type { AttackLoss, Classifier } from '../../contract/index.js';
import { AdvrobError } from '../../errors.js';
import { crossEntropyLoss } from '../../losses.js';
import { ensure } from '../check.js';
import { runOn, type AttackCheck, type Situation } from './situation.js';

async function leaksNothing(body: () => Promise<void>, what: string): Promise<void> {
  const before = tf.memory().numTensors;
  await body();
  const left = tf.memory().numTensors - before;
  ensure(left === 0, `${left} tensors are left after ${what}`);
}

async function isAborted(run: Promise<{ adversarial: tf.Tensor }>): Promise<boolean> {
  try {
    (await run).adversarial.dispose();
    return false;
  } catch (error) {
    if (error instanceof AdvrobError && error.code === 'ADVROB_ABORTED') return true;
    throw error;
  }
}

function runOnModel({ attack, norm, epsilon, problem }: Situation, logits: Classifier['logits']): Promise<void> {
  return attack
    .run({ ...problem.model, logits }, problem.x, problem.y, { norm, epsilon })
    .then(({ adversarial }) => adversarial.dispose());
}

/** Memory, abort, errors, and what an attack may know. */
export const lifeChecks: Readonly<Record<string, AttackCheck>> = {
  'frees all that it allocates': async ({ usual }) => {
    const { left } = await usual();
    ensure(left === 0, `${left} tensors are left after a run`);
  },
  'stops when it is aborted, and frees all': async (situation) => {
    await leaksNothing(async () => {
      ensure(await isAborted(runOn(situation, { signal: AbortSignal.abort() })), 'it ran though aborted beforehand');
    }, 'an abort beforehand');
    await leaksNothing(async () => {
      const stop = new AbortController();
      let isMidway = false;
      const onProgress = ({ step, steps }: { step: number; steps: number }): void => {
        if (step === steps) return;
        isMidway = true;
        stop.abort();
      };
      // Nothing is within this radius, so no loop can end early.
      const aborted = await isAborted(runOn(situation, { signal: stop.signal, onProgress }, 0));
      ensure(aborted === isMidway, 'it went on after an abort between two steps');
    }, 'an abort');
  },
  'passes on an error of the model, and frees all': async (situation) => {
    for (const fatal of [2, 3, 5])
      await leaksNothing(async () => {
        let calls = 0;
        const failing: Classifier['logits'] = (x) => {
          calls++;
          if (calls === fatal) throw new Error('no more forward passes');
          return situation.problem.model.logits(x);
        };
        const message = await runOnModel(situation, failing).then(
          () => undefined,
          (error: unknown) => (error as Error).message,
        );
        ensure(
          message === (calls >= fatal ? 'no more forward passes' : undefined),
          `the error of forward pass ${fatal} became '${message}'`,
        );
      }, `an error in forward pass ${fatal}`);
  },
  'asks for gradients only if it says so': async ({ attack: { definition }, usual }) => {
    const { wasRecorded } = await usual();
    ensure(
      definition.knowledge === 'gradients' || !wasRecorded,
      `the attack knows ${definition.knowledge} only, but its forward pass is recorded for a gradient`,
    );
  },
  'ascends the loss that it is given, or refuses one': async (situation) => {
    let isAsked = false;
    const loss: AttackLoss = {
      name: 'watched',
      value(logits, rows) {
        isAsked = true;
        return crossEntropyLoss.value(logits, rows);
      },
    };
    const outcome = await runOn(situation, { loss }).then(
      ({ adversarial }) => {
        adversarial.dispose();
        return 'taken';
      },
      (error: unknown) => {
        if (error instanceof AdvrobError && error.code === 'ADVROB_OPTION') return 'refused';
        throw error;
      },
    );
    if (situation.attack.definition.loss === null)
      ensure(outcome === 'refused', 'a loss was taken for an attack that has none');
    else ensure(isAsked, 'it was given a loss and never asked for it: declare `loss: null` to refuse it');
  },
};
