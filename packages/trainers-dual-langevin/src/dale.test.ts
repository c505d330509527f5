import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { langevin, langevinStep, pgd } from '@advrob/attacks';
import type { Attack, Classifier, Extras, Objective, RowRandom } from '@advrob/core';
import { crossEntropyLoss, meanCrossEntropy } from '@advrob/core/losses';
import { createRowRandom } from '@advrob/core/random';
import { linearClassifier } from '@advrob/core/testing';
import { createThreat } from '@advrob/core/threat';
import { alp, clp, fgsmAt, fit, pgdAt, sgd, trades } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fixtureModel } from '../../training/test/support/fixture.js';
import { tinyData } from '../../training/test/support/tiny-data.js';
import { valuesOf } from '../../training/test/support/tiny-model.js';
import { dale, klDalePd, primalDual, randSmoothingTrainer } from './index.js';

let tensorsBefore: number;
beforeAll(() => tf.setBackend('cpu'));
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

const epsilon = 0.2;
const common = {
  data: tinyData(),
  threat: { norm: 'linf', epsilon },
  optimizer: sgd({ momentum: 0.9 }),
  learningRate: 0.2,
  batchSize: 8,
  epochs: 4,
  seed: 7,
} as const;

async function trained(objective: Objective, attack?: Attack) {
  const model = fixtureModel();
  await fit({ ...common, model, objective, ...(attack && { attack }) });
  const values = await valuesOf(model);
  model.dispose!();
  return values;
}
const daleAlone = () => dale({ nu: 0 }) as unknown as Objective;

describe('the sampler', () => {
  it.each(['gaussian', 'laplace'] as const)(
    'without noise (%s) and without the clean loss is PGD-AT, bit for bit',
    async (sampler) => {
      const steps = { steps: 5, stepSize: 0.06, start: 'zero' } as const;
      const own = await trained(daleAlone(), langevin({ sampler, noise: 0, ...steps }));
      expect(own).toEqual(await trained(pgdAt(), pgd(steps)));
    },
  );

  it.each(['gaussian', 'laplace'] as const)(
    'of one step of epsilon from the clean example without noise (%s) is FGSM-AT, bit for bit',
    async (sampler) => {
      const own = await trained(
        daleAlone(),
        langevin({ sampler, noise: 0, steps: 1, stepSize: epsilon, start: 'zero' }),
      );
      expect(own).toEqual(await trained(fgsmAt({ start: 'zero' }) as unknown as Objective));
    },
  );

  it('ascends log(1 - p) and cross-entropy on the same path, unless noise stands beside the raw gradient', async () => {
    const ball = { norm: 'linf', epsilon } as const;
    const model = fixtureModel();
    const x = tf.randomUniform([16, 4], 0, 1, 'float32', 9);
    const y = tf.tidy(() => tf.cast(tf.argMax(tf.slice(x, [0, 0], [16, 3]), 1), 'int32'));
    const path = async (attack: Attack, loss: typeof crossEntropyLoss | undefined) => {
      const adv = await attack.maximize(model, x, y, ball, loss && { loss });
      const values = [...(await adv.data())];
      adv.dispose();
      return values;
    };
    const of = (noise: number) => langevin({ sampler: 'laplace', noise, steps: 8, start: 'zero' });
    expect(await path(of(0), undefined)).toEqual(await path(of(0), crossEntropyLoss));
    expect(await path(of(0.3), undefined)).not.toEqual(await path(of(0.3), crossEntropyLoss));
    tf.dispose([x, y]);
    model.dispose!();
  });

  const scripted = (values: number[]): RowRandom => {
    const draw = () => tf.tensor2d([values]);
    return { uniform: draw, normal: draw, laplace: draw };
  };

  it('without a gradient is augmentation by noise: normal values, or random signs', () => {
    const found = tf.tidy(() => {
      const x = tf.fill([1, 4], 0.5);
      const place = { x, threat: createThreat({ norm: 'linf', epsilon }, [0, 1]), rng: scripted([1, -2, 9, -9]) };
      const none = tf.zeros([1, 4]);
      return [
        langevinStep(place, x, none, 0.1, { sampler: 'gaussian', noise: 0.05 }).dataSync(),
        langevinStep(place, x, none, 0.1, { sampler: 'laplace', noise: 0.05 }).dataSync(),
      ];
    });
    [0.55, 0.4, 0.7, 0.3].forEach((value, i) => expect(found[0]![i]).toBeCloseTo(value, 6));
    [0.6, 0.4, 0.6, 0.4].forEach((value, i) => expect(found[1]![i]).toBeCloseTo(value, 6));
  });

  it('without a gradient and without a ball gives the Gaussian noise of randomised smoothing', async () => {
    const model = linearClassifier({ weights: Array(4000).fill([0, 0]), bias: [0, 0], bounds: [-50, 50] });
    const x = tf.zeros([1, 4000]);
    const y = tf.tensor1d([0], 'int32');
    const attack = langevin({ steps: 1, stepSize: 0.1, noise: 0.5, start: 'zero' });
    const adv = await attack.maximize(model, x, y, { norm: 'linf', epsilon: Infinity }, { seed: 5 });
    const rng = createRowRandom({ seed: 5, ids: Int32Array.of(0), scope: 'langevin' });
    const noise = tf.tidy(() => tf.mul(rng.normal('langevin', [4000]), 0.5));
    expect([...(await adv.data())]).toEqual([...(await noise.data())]);
    tf.dispose([x, y, adv, noise]);
    model.dispose?.();
  });
});

/** The gradient of an objective on given examples, as one list. */
function gradientOf(objective: Objective, model: Classifier, values: Extras): number[] {
  return tf.tidy(() => {
    const { grads } = tf.variableGrads(
      () => objective.loss(values, model, { mode: 'train' }).total as tf.Scalar,
      Object.values(model.weights),
    );
    return Object.values(model.weights).flatMap((weight) => [...grads[weight.name]!.dataSync()]);
  });
}

describe('the primal-dual problem with a fixed weight', () => {
  let model: Classifier;
  let values: { x: Tensor; adversarial: Tensor; y: Tensor };
  beforeEach(() => {
    model = fixtureModel();
    const x = tf.randomUniform([6, 4], 0, 1, 'float32', 3);
    const adversarial = tf.tidy(() =>
      tf.clipByValue(tf.add(x, tf.randomUniform([6, 4], -0.2, 0.2, 'float32', 4)), 0, 1),
    );
    values = { x, adversarial, y: tf.tensor1d([0, 1, 2, 0, 1, 2], 'int32') };
  });
  afterEach(() => {
    tf.dispose(values);
    model.dispose!();
  });
  const expectClose = (found: number[], wanted: number[], scale: number) => {
    expect(Math.max(...wanted.map(Math.abs))).toBeGreaterThan(0.01);
    wanted.forEach((value, i) => expect(Math.abs(found[i]! - value * scale)).toBeLessThan(1e-6));
  };

  it.each([1, 6])('KL-DALE with nu = 1 / %d has the gradient of TRADES over beta', (beta) => {
    const own = gradientOf(klDalePd({ nu: 1 / beta, dualStep: 0 }) as unknown as Objective, model, values);
    expectClose(own, gradientOf(trades({ beta }) as unknown as Objective, model, values), 1 / beta);
  });

  it('KL-DALE without a dual step trains as TRADES at a rate beta times as large', async () => {
    const beta = 4;
    const attack = pgd({ steps: 3, start: 'tinygauss' });
    const own = async (objective: Objective, learningRate: number) => {
      const trainee = fixtureModel();
      await fit({
        ...common,
        model: trainee,
        objective,
        attack,
        learningRate,
        optimizer: sgd(),
        epochs: 2,
      });
      const weights = await valuesOf(trainee);
      trainee.dispose!();
      objective.dispose?.();
      return weights;
    };
    const found = await own(klDalePd({ nu: 1 / beta, dualStep: 0 }) as unknown as Objective, 0.05 * beta);
    const wanted = await own(trades({ beta }) as unknown as Objective, 0.05);
    for (const [name, weights] of Object.entries(wanted))
      weights.forEach((value, i) => expect(Math.abs(found[name]![i]! - value)).toBeLessThan(1e-5));
  });

  it.each(['alp', 'clp'] as const)('with the pairing of logits as the robust loss is %s', (method) => {
    const prepare = async () => values;
    const pairing = primalDual<typeof values>(
      {
        prepare,
        losses: ({ x, adversarial, y }, net) => {
          const [clean, moved] = [net.logits(x), net.logits(adversarial)];
          return {
            minimised: tf.mean(tf.norm(tf.sub(moved, clean), 2, 1)),
            constrained: meanCrossEntropy(method === 'alp' ? moved : clean, y),
          };
        },
      },
      { nu: 1, dualStep: 0 },
    );
    const wanted = (method === 'alp' ? alp() : clp()) as unknown as Objective;
    expectClose(gradientOf(pairing as unknown as Objective, model, values), gradientOf(wanted, model, values), 1);
  });
});

describe('smoothing as in advbench', () => {
  /** A classifier of one input whose gradient changes its sign at 0.6. */
  const bump: Classifier = {
    inputShape: [1],
    numClasses: 2,
    bounds: [0, 1],
    weights: {},
    logits: (x) => tf.tidy(() => tf.concat([tf.square(tf.sub(x, 0.6)), tf.zerosLike(x)], 1)),
  };
  const attacked = async (advbenchCompat: boolean, steps: number) => {
    const { attack } = randSmoothingTrainer({ advbenchCompat, steps, stepSize: 0.15, sigma: 1e-6, samples: 3 });
    const x = tf.tensor2d([[0.5]]);
    const y = tf.tensor1d([0], 'int32');
    const adv = await attack!.maximize(bump, x, y, { norm: 'linf', epsilon: 0.3 });
    const [value] = await adv.data();
    tf.dispose([x, y, adv]);
    return value!;
  };

  it('steps from the clean example each time, along the gradient at the last point', async () => {
    expect(await attacked(true, 1)).toBeCloseTo(0.65, 5);
    expect(await attacked(true, 2)).toBeCloseTo(0.35, 5);
    expect(await attacked(true, 3)).toBeCloseTo(0.65, 5);
  });

  it('and as the method says goes on from the last point', async () => {
    expect(await attacked(false, 1)).toBeCloseTo(0.65, 5);
    expect(await attacked(false, 2)).toBeCloseTo(0.5, 5);
  });
});
