import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Norm } from '@advrob/core';
import { attackLosses, crossEntropy } from '@advrob/core/losses';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../test/contract/contract.js';
import { convNet, outcomes } from '../test/support/conv-net.js';
import { isAsStrongWithTargets } from '../test/support/hundred-examples.js';
import { reachDualNorm } from '../test/support/linear-gain.js';
import {
  fixture,
  largestDifference,
  recorded,
  smoothNet,
  tensorOf,
  type Nested,
  type SmoothWeights,
} from '../test/support/smooth-net.js';
import { pgd } from './pgd.js';

const norms = ['linf', 'l2', 'l1'] as const;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(pgd, {
  rows: [
    { attack: pgd({ steps: 10 }), reach: 0.85, differsBySeed: true, excess: 0.05 },
    { attack: pgd({ steps: 10, start: 'zero' }), reach: 0.85, excess: 0.001 },
    { attack: pgd({ steps: 10, start: 'tinygauss' }), reach: 0.85 },
    { attack: pgd({ steps: 10, optimizer: 'adam' }), norms: ['linf', 'l2'], reach: 0.7 },
    { attack: pgd({ steps: 5, optimizer: 'adam' }), norms: ['l1'] },
  ],
  eot: (eot) => pgd({ steps: 4, eot }),
});

interface Trajectories {
  readonly weights: SmoothWeights;
  readonly steps: number;
  readonly share: number;
  readonly runs: Readonly<
    Record<
      (typeof norms)[number],
      {
        readonly epsilon: number;
        readonly x: Nested;
        readonly y: Nested;
        readonly points: Readonly<Record<string, Nested>>;
        readonly losses: readonly Nested[];
      }
    >
  >;
}

describe.each(norms)('PyTorch fixtures, %s', (norm) => {
  const { weights, steps, share, runs } = fixture<Trajectories>('gradient-steps.json');
  const { epsilon, x, y, ...wanted } = runs[norm];

  it('PGD makes the same 100 steps', async () => {
    const { model, inputs } = recorded(smoothNet(weights));
    const labels = tensorOf(y, 'int32');
    const attack = pgd({ steps, share, start: 'zero' });
    const last = await attack.maximize(model, tensorOf(x), labels, { norm, epsilon });
    const points = [...inputs, await last.data()];
    for (const [step, point] of Object.entries(wanted.points))
      expect(largestDifference(points[Number(step)]!, point), `step ${step}`).toBeLessThan(1e-5);
    for (const [step, loss] of wanted.losses.entries()) {
      const losses = crossEntropy(model.logits(tf.tensor(points[step]!, last.shape)), labels);
      expect(largestDifference(await losses.data(), loss), `loss ${step}`).toBeLessThan(1e-5);
    }
  });
});

describe.each(norms)('outcomes of PyTorch on a conv net in %s', (norm) => {
  const { epsilon, steps, pgd: wanted } = outcomes.runs[norm];
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

  it('PGD: mean loss to 1e-3, losses to a few percent, the same successes', async () => {
    const [model, images, labels] = [convNet(), tensorOf(outcomes.x), tensorOf(outcomes.y, 'int32')];
    const attack = pgd({ steps, start: 'zero' });
    const adv = await attack.maximize(model, images, labels, { norm, epsilon });
    const losses = Array.from(await crossEntropy(model.logits(adv), labels).data());
    expect(Math.abs(mean(losses) / mean(wanted.loss) - 1)).toBeLessThan(1e-3);
    losses.forEach((loss, i) => expect(Math.abs(loss - wanted.loss[i]!)).toBeLessThan(0.03 * wanted.loss[i]! + 1e-3));
    const { success } = await attack.run(model, images, labels, { norm, epsilon });
    const differing = wanted.fooled.filter((fooled, i) => fooled !== Boolean(success[i])).length;
    expect(differing).toBeLessThanOrEqual(1);
  });
});

reachDualNorm([
  ['pgd', pgd({ steps: 60, stepSize: 1 })],
  ['pgd from the example', pgd({ steps: 10, start: 'zero' })],
  ['pgd from tiny noise', pgd({ steps: 20, start: 'tinygauss', stepSize: 2 })],
]);

isAsStrongWithTargets(pgd({ steps: 10 }), 'linf');

interface AdamRuns {
  readonly weights: SmoothWeights;
  readonly steps: number;
  readonly adam: readonly {
    readonly norm: 'linf' | 'l2' | 'l1';
    readonly epsilon: number;
    readonly size: number;
    readonly x: Nested;
    readonly y: Nested;
    readonly points: Readonly<Record<string, Nested>>;
  }[];
}

const { weights, steps, adam } = fixture<AdamRuns>('adam-and-bpda.json');

describe('with Adam', () => {
  it.each(adam)('PyTorch fixture in $norm', async ({ norm, epsilon, size, x, y, points }) => {
    const { model, inputs } = recorded(smoothNet(weights));
    const attack = pgd({ steps, optimizer: 'adam', stepSize: size, start: 'zero' });
    const last = await attack.maximize(model, tensorOf(x), tensorOf(y, 'int32'), { norm, epsilon });
    for (const [step, wanted] of Object.entries(points))
      expect(largestDifference(inputs[Number(step)] ?? (await last.data()), wanted), `step ${step}`).toBeLessThan(1e-5);
  });

  it.each(['linf', 'l2', 'l1'] as const)('crosses the ball in %s with its usual step size', async (norm) => {
    const slopes = [0.5, -2, 1, 0.25, -1.5, 0.75];
    const model = linearClassifier({ weights: slopes.map((slope) => [0, slope]), bias: [0, 0], bounds: [-10, 10] });
    const adv = await pgd({ optimizer: 'adam', start: 'zero' }).maximize(
      model,
      tf.zeros([1, 6]),
      tf.tensor1d([0], 'int32'),
      { norm, epsilon: 0.5 },
    );
    const change = [...(await adv.data())];
    const length = { linf: Math.max(...change.map(Math.abs)), l2: Math.hypot(...change), l1: 0 };
    length.l1 = change.reduce((sum, value) => sum + Math.abs(value), 0);
    expect(length[norm]).toBeCloseTo(0.5, 4);
    change.forEach((value, i) => expect(value * slopes[i]!).toBeGreaterThanOrEqual(0));
  });
});

describe.each(Object.values(attackLosses))('on the loss $name', (loss) => {
  const images = tf.randomUniform([6, 6, 6, 2], 0.2, 0.8, 'float32', 3);
  const net = smoothNet(weights);
  const clean = net.logits(images);
  const y = tf.cast(tf.argMax(clean, 1), 'int32');
  const targets = tf.cast(tf.mod(tf.add(y, 2), 5), 'int32');
  const threat = { norm: 'linf', epsilon: 0.15 } as const;
  const valuesAt = async (adv: tf.Tensor, target?: tf.Tensor): Promise<number[]> => [
    ...(await loss.value(net.logits(adv), { y, clean, ...(target && { target }) }).data()),
  ];

  it('ascends it, for every example', async () => {
    const adv = await pgd({ steps: 20 }).maximize(net, images, y, threat, { loss });
    const [before, after] = [await valuesAt(images), await valuesAt(adv)];
    after.forEach((value, i) => expect(value).toBeGreaterThan(before[i]!));
    // The divergence from unsure clean outputs rises also where the model grows surer of the same
    // class.
    if (loss.name === 'kl') return;
    const { success } = await pgd({ steps: 20 }).run(net, images, y, threat, { loss });
    expect(success.reduce((sum, hit) => sum + hit, 0)).toBeGreaterThan(3);
  });

  // The divergence from the clean outputs has no target.
  if (loss.name === 'kl') {
    it('refuses targets', async () => {
      const attack = pgd({ steps: 2 }).run(net, images, y, threat, { loss, targets });
      await expect(attack).rejects.toThrow(/kl.*no targeted form/);
    });
    return;
  }
  it('with targets ascends that of the target, and counts nothing but the target', async () => {
    const adv = await pgd({ steps: 20 }).maximize(net, images, y, threat, { loss, targets });
    const [before, after] = [await valuesAt(images, targets), await valuesAt(adv, targets)];
    after.forEach((value, i) => expect(value).toBeGreaterThan(before[i]!));
    const wide = { norm: 'linf' as Norm, epsilon: 0.5 };
    const { success, prediction } = await pgd({ steps: 20 }).run(net, images, y, wide, { loss, targets });
    const wanted = await targets.data();
    success.forEach((hit, i) => expect(prediction[i] === wanted[i]).toBe(Boolean(hit)));
    expect(success.reduce((sum, hit) => sum + hit, 0)).toBeGreaterThan(3);
  });
});

describe('restarts', () => {
  const images = tf.randomUniform([2, 6, 6, 2], 0.2, 0.8, 'float32', 3);
  const y = tf.tensor1d([0, 1], 'int32');
  const threat = { norm: 'linf', epsilon: 0.05 } as const;

  it('share the batch: as many passes as without, each for all starts, which differ', async () => {
    const { model, inputs } = recorded(smoothNet(weights));
    await pgd({ steps: 5 }).maximize(model, images, y, threat);
    const alone = inputs.length;
    inputs.length = 0;
    await pgd({ steps: 5 }).maximize(model, images, y, threat, { restarts: 3 });
    const together = inputs.filter((input) => input.length === 3 * images.size);
    expect(together.length).toBeGreaterThanOrEqual(5);
    // Beside the steps: the clean logits and the choice of the best restart.
    expect(inputs.length).toBeLessThanOrEqual(alone + 2);
    const start = together[0]!;
    expect([...start.subarray(0, 72)]).not.toEqual([...start.subarray(72, 144)]);
  });

  it('keep the one with the highest loss, per example', async () => {
    const net = smoothNet(weights);
    const lossOf = async (adv: tf.Tensor): Promise<number[]> => [
      ...(await attackLosses.ce!.value(net.logits(adv), { y, clean: net.logits(images) }).data()),
    ];
    const few = pgd({ steps: 1, stepSize: 0.005 });
    const one = await lossOf(await few.maximize(net, images, y, threat));
    const many = await lossOf(await few.maximize(net, images, y, threat, { restarts: 8 }));
    many.forEach((value, i) => expect(value).toBeGreaterThan(one[i]!));
  });
});
