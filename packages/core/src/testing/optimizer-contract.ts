import * as tf from '@tensorflow/tfjs-core';
import type { OptimizerBinding, WeightOptimizer } from '../contract/index.js';
import { meanCrossEntropy } from '../losses.js';
import { ensure, type Check } from './check.js';
import { areEqual, restoreValues, saveValues } from './training/saved-values.js';
import { tinyEngine, type TinyEngine } from './training/tiny-engine.js';
import { tinyProblem, type TinyProblem } from './training/tiny-problem.js';

export interface OptimizerContractOptions {
  /** A learning rate at which it learns a small smooth problem within `steps`. Default 0.1. */
  readonly rate?: number;
  /** Default 60. */
  readonly steps?: number;
}

type NoExtras = Readonly<Record<never, tf.Tensor>>;

interface Situation {
  readonly problem: TinyProblem<NoExtras>;
  readonly engine: TinyEngine;
  readonly optimizer: WeightOptimizer;
  readonly rate: number;
  readonly steps: number;
  make(times: number, rate?: number): Promise<void>;
}

const standard = {
  prepare: async ({ x, y }: { x: tf.Tensor; y: tf.Tensor }) => ({ x, y }),
  loss: ({ x, y }: { x: tf.Tensor; y: tf.Tensor }, { logits }: { logits(x: tf.Tensor): tf.Tensor }) => ({
    total: meanCrossEntropy(logits(x), y),
  }),
};

const checks: Readonly<Record<string, (situation: Situation, bind: OptimizerBinding) => Promise<void>>> = {
  async 'lowers the loss'({ make, problem, steps }) {
    const before = await lossOf(problem);
    await make(steps);
    const after = await lossOf(problem);
    ensure(after < 0.8 * before, `the loss went from ${before} to ${after} in ${steps} steps`);
  },
  async 'takes its rate from the work: at rate 0 the weights stay'({ make, problem }) {
    const before = await saveValues(problem.model.weights);
    await make(2, 0);
    ensure(areEqual(before, await saveValues(problem.model.weights)), 'the weights changed at rate 0');
  },
  async 'draws as many batches as it says'({ make, engine, optimizer }) {
    await make(2);
    ensure(
      engine.draws === 2 * (optimizer.draws ?? 1),
      `2 steps drew ${engine.draws} batches, it says ${optimizer.draws ?? 1} a step`,
    );
  },
  async 'keeps the keys of its state, and its memory flat'({ make, optimizer }) {
    const keys = Object.keys(optimizer.state).join();
    await make(2);
    const before = tf.memory().numTensors;
    await make(5);
    ensure(
      Object.keys(optimizer.state).join() === keys,
      'the keys of its state changed: checkpoints need them from the start',
    );
    ensure(tf.memory().numTensors === before, `${tf.memory().numTensors - before} tensors are left after 5 steps`);
  },
  async 'goes on from a saved state with the same bits'({ make, problem, optimizer, engine, rate }, bind) {
    await make(3);
    const weights = await saveValues(problem.model.weights);
    const state = await saveValues(optimizer.state);
    const { draws, steps } = engine;
    await make(3);
    const whole = await saveValues(problem.model.weights);
    const resumed = await inSituation(bind, rate, async (fresh) => {
      restoreValues(fresh.problem.model.weights, weights);
      restoreValues(fresh.optimizer.state, state);
      Object.assign(fresh.engine, { draws, steps });
      await fresh.make(3);
      return saveValues(fresh.problem.model.weights);
    });
    ensure(
      areEqual(whole, resumed),
      'a run that was resumed ended with other weights: something is missing in the state',
    );
  },
  async 'passes an error of the gradient on'({ engine, optimizer, rate }) {
    const failing = engine.step(rate, (work) =>
      optimizer.step({ ...work, gradient: () => Promise.reject(new Error('no gradient today')) }),
    );
    const message = await failing.then(
      () => undefined,
      (error: unknown) => (error as Error).message,
    );
    ensure(message === 'no gradient today', `the error became '${message}'`);
  },
};

/**
 * Everything a weight optimizer must fulfil, as checks that any test runner can call: it learns,
 * takes its rate from the work, tells its draws, keeps memory and state keys, goes on from a saved
 * state with the same bits, and frees all.
 *
 * @param bind The optimizer with the options to check.
 * @example
 * ```ts
 * import '@advrob/core/gradients';
 * import { optimizerContract } from '@advrob/core/testing';
 * for (const { name, run } of optimizerContract(myOptimizer({ momentum: 0.9 }))) test(name, run);
 * ```
 */
export function optimizerContract(bind: OptimizerBinding, options: OptimizerContractOptions = {}): readonly Check[] {
  const { rate = 0.1, steps = 60 } = options;
  return Object.entries(checks).map(([name, check]) => ({
    name,
    async run() {
      const before = tf.memory().numTensors;
      await inSituation(bind, rate, (situation) => check({ ...situation, steps }, bind));
      const left = tf.memory().numTensors - before;
      ensure(left === 0, `${left} tensors are left after dispose`);
    },
  }));
}

async function inSituation<T>(
  bind: OptimizerBinding,
  rate: number,
  body: (situation: Omit<Situation, 'steps'>) => Promise<T>,
): Promise<T> {
  const problem = tinyProblem(() => ({}));
  const optimizer = bind(problem.model);
  const engine = tinyEngine(problem, standard);
  const make = async (times: number, own = rate): Promise<void> => {
    for (let i = 0; i < times; i++) await engine.step(own, (work) => optimizer.step(work));
  };
  try {
    return await body({ problem, optimizer, engine, rate, make });
  } finally {
    optimizer.dispose?.();
    problem.dispose();
  }
}

async function lossOf({ model, batch }: TinyProblem<NoExtras>): Promise<number> {
  const { x, y } = batch(0);
  const loss = tf.tidy(() => meanCrossEntropy(model.logits(x), y));
  try {
    return (await loss.data())[0]!;
  } finally {
    tf.dispose([x, y, loss]);
  }
}
