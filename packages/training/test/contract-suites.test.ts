import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { AveragerBinding, Classifier, OptimizerBinding, TrainingPlan, WorkTransform } from '@advrob/core';
import { objectiveContract, optimizerContract, trainerContract, type Check } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import plugin, {
  adam,
  adamw,
  alp,
  awp,
  clp,
  cvar,
  detach,
  ema,
  erm,
  fgsmAt,
  free,
  kd,
  kdAt,
  mart,
  pgdAt,
  sgd,
  smoothadv,
  swa,
  term,
  trades,
} from '../src/index.js';
import { manyDraws, movingAverage, perturbed, primalDual } from './support/doubles.js';
import { tinyModel } from './support/tiny-model.js';

beforeAll(() => tf.setBackend('cpu'));

const suite = (checks: readonly Check[]) => {
  for (const { name, run } of checks) it(name, run);
};

const optimizers: Record<string, [binding: OptimizerBinding, rate: number]> = {
  sgd: [sgd({ momentum: 0.9, nesterov: true, weightDecay: 1e-3 }), 0.1],
  adam: [adam({ weightDecay: 1e-3 }), 0.03],
  adamw: [adamw(), 0.03],
};
/** Objectives that need nothing but a batch and an attack. */
const objectives: Record<string, () => TrainingPlan['objective']> = {
  erm: () => erm(),
  'fgsm-at': () => fgsmAt(),
  free: () => free({ replays: 2 }),
  'pgd-at': () => pgdAt(),
  trades: () => trades(),
  mart: () => mart(),
  alp: () => alp(),
  clp: () => clp(),
  term: () => term(),
  cvar: () => cvar({ samples: 4 }),
  smoothadv: () => smoothadv({ samples: 2 }),
};
/** Further settings of them. */
const variants: Record<string, () => TrainingPlan['objective']> = {
  'fgsm-at from the example': () => fgsmAt({ start: 'zero' }),
  'alp, squared and half clean': () => alp({ weight: 0.5, squared: true, cleanShare: 0.5 }),
  'term, negative tilt': () => term({ tilt: -2 }),
  'cvar by descent': () => cvar({ samples: 4, threshold: 'descent', steps: 3 }),
  'cvar of a share that is not whole': () => cvar({ samples: 3, beta: 0.4 }),
  'smoothadv on the first noise': () => smoothadv({ samples: 2, trainOn: 'first' }),
};
/** Logits of a teacher that depend on the example alone. */
const teacher = (ids: Int32Array) => ({
  teacher: tf.tidy(() => tf.sin(tf.mul(tf.outerProduct(tf.tensor1d([...ids]), tf.tensor1d([1, 2, 3])), 0.7))),
});
const transforms: Record<string, WorkTransform> = { awp: awp({ gamma: 0.05 }) };
const averagers: Record<string, AveragerBinding> = { swa: swa({ start: 0 }), ema: ema({ decay: 0.9 }) };

describe.each(Object.entries(optimizers))('optimizer %s', (_, [binding, rate]) =>
  suite(optimizerContract(binding, { rate })),
);
describe.each(Object.entries({ ...objectives, ...variants }))('objective %s', (_, make) =>
  suite(objectiveContract(make)),
);
describe('objective kd', () => suite(objectiveContract(() => kd({ temperature: 2 }), { extras: teacher })));
describe('objective kd of logits', () => suite(objectiveContract(() => kd({ loss: 'mse' }), { extras: teacher })));
describe('objective kd-at', () => {
  const models: Classifier[] = [];
  beforeAll(() => void models.push(tinyModel(), tinyModel({ seed: 2 })));
  afterAll(() => models.forEach((model) => model.dispose!()));
  suite(objectiveContract(() => kdAt({ standard: models[0]!, robust: models[1]! })));
});
describe.each(Object.entries(transforms))('transform %s', (_, transform) => {
  describe.each(Object.entries(optimizers))('around %s', (__, [binding, rate]) => {
    const around: OptimizerBinding = (model) => {
      const { step, ...rest } = binding(model);
      return { ...rest, step: (work) => step(transform(work)) };
    };
    suite(optimizerContract(around, { rate }));
  });
});
describe.each(Object.entries(averagers))('averager %s', (_, averager) =>
  suite(trainerContract((): TrainingPlan => ({ objective: pgdAt(), averager }))),
);
describe.each(Object.entries(plugin.trainers))('trainer %s', (_, make) =>
  suite(trainerContract((): TrainingPlan => make())),
);
describe('objective with a dual variable', () => suite(objectiveContract(() => primalDual(0.5, 0.1))));
describe('a recipe of all parts', () =>
  suite(
    trainerContract((): TrainingPlan => ({
      objective: primalDual(0.5, 0.1) as unknown as TrainingPlan['objective'],
      optimizer: manyDraws(3),
      transforms: [perturbed(0.01)],
      averager: movingAverage(0.9),
    })),
  ));

it('every part of the plugin has its row above', () => {
  expect(Object.keys(optimizers)).toEqual(Object.keys(plugin.optimizers));
  expect([...Object.keys(objectives), 'kd']).toEqual(Object.keys(plugin.objectives));
  expect(Object.keys(transforms)).toEqual(Object.keys(plugin.transforms));
  expect(Object.keys(averagers)).toEqual(Object.keys(plugin.averagers));
});

describe('the suites find', () => {
  async function failures(checks: readonly Check[]): Promise<string[]> {
    const failed: string[] = [];
    for (const { name, run } of checks)
      await run().catch(() => {
        failed.push(name);
      });
    return failed;
  }

  it('an optimizer that leaks, forgets its state, draws more than it says and sets its own rate', async () => {
    const broken: OptimizerBinding = ({ weights }) => {
      let velocity = 0;
      return {
        state: {},
        async step(work) {
          await work.draw();
          const { grads } = await work.gradient(await work.draw());
          velocity = 0.9 * velocity + 1;
          tf.scalar(1);
          tf.tidy(() => {
            for (const [name, w] of Object.entries(weights)) w.assign(tf.sub(w, tf.mul(grads[name]!, 0.01 * velocity)));
          });
        },
      };
    };
    expect(await failures(optimizerContract(broken, { steps: 3 }))).toEqual(
      optimizerContract(broken)
        .map(({ name }) => name)
        .filter((name) => !name.startsWith('passes an error')),
    );
  });

  it('an objective that leaks, detaches, changes the weights and grows its state', async () => {
    let calls = 0;
    const broken = () => {
      const state: Record<string, number> = {};
      return {
        state,
        prepare: async ({ x, y }: { x: Tensor; y: Tensor }) => {
          calls += 1;
          tf.scalar(1);
          state[`call ${calls}`] = 1;
          return { x: tf.add(x, calls), y };
        },
        loss: (
          { x }: { x: Tensor; y: Tensor },
          { weights, logits }: { weights: object; logits(x: Tensor): Tensor },
        ) => {
          const [weight] = Object.values(weights) as tf.Variable[];
          weight!.assign(tf.mul(weight!, 1.1));
          const total = tf.mean(tf.square(logits(x)));
          return { total: detach(total), terms: { [`term ${calls}`]: total } };
        },
      };
    };
    expect(await failures(objectiveContract(broken))).toEqual(objectiveContract(broken).map(({ name }) => name));
  });
});
