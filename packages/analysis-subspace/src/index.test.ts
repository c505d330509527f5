import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { apgdCe, bim, pgd, square } from '@advrob/attacks';
import type { Analysis, AnalysisContext } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import {
  analysisContract,
  attackContract,
  linearClassifier,
  type AttackContractOptions,
  type Check,
} from '@advrob/core/testing';
import { createThreat } from '@advrob/core/threat';
import { mlp } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import plugin, { boundary, orthogonal, orthogonalRobustness, subspace, subspacePoints, theory } from './index.js';

beforeAll(() => tf.setBackend('cpu'));

const suite = (checks: readonly Check[]) => {
  for (const { name, run } of checks) it(name, run);
};

// The contract's linear problems have 32 input values; nothing here can reach far, since half of
// them must stay.
const unused = Array.from({ length: 16 }, (_, i) => 2 * i);
const basis = Array.from({ length: 9 }, (_, i) =>
  Array.from({ length: 32 }, (_, j) => Math.sin(1 + i + 3 * i * j + j)),
);
const attacks: Record<string, [ReturnType<typeof pgd>, AttackContractOptions]> = {
  'pgd off axes': [orthogonal({ attack: pgd({ steps: 5 }), subspace: { unused } }), { differsBySeed: true }],
  'bim off a basis': [orthogonal({ attack: bim({ steps: 5 }), subspace: { basis } }), { norms: ['l2', 'linf'] }],
  'apgd off a basis': [orthogonal({ attack: apgdCe({ steps: 5 }), subspace: { basis } }), { norms: ['l2', 'l1'] }],
  'square off axes': [orthogonal({ attack: square({ queries: 10 }), subspace: { unused } }), { norms: ['linf'] }],
};
describe.each(Object.entries(attacks))('attack %s', (_, [attack, options]) => suite(attackContract(attack, options)));

const analyses: Record<keyof typeof plugin.analyses, () => Analysis<'model'>> = {
  'orthogonal-robustness': () =>
    orthogonalRobustness({ subspace: { components: 2 }, examples: 12, limit: 50, batchSize: 5 }),
  'subspace-theory': () =>
    theory({
      size: 12,
      complement: 6,
      width: 20,
      count: 4,
      initScales: [1, 0.1],
      weightDecays: [0.01],
      decaySteps: 30,
      seeds: 1,
    }),
  'subspace-boundary': () => boundary({ experiment: 'diagonal', seeds: 1, maxSteps: 20, cells: 6 }),
};
async function context(): Promise<Omit<AnalysisContext<'model'>, 'memo'>> {
  const { train } = await subspace({ size: 8, complement: 3, count: 20, rotated: true });
  const model = mlp({ inputShape: [8], hidden: [10], numClasses: 2, bounds: [-30, 30] })(0);
  return {
    models: { model },
    data: train,
    threat: createThreat({ norm: 'l2', epsilon: 1 }, [-30, 30]),
    rng: createRandom({ seed: 1 }),
  };
}
describe.each(Object.entries(analyses))('analysis %s', (_, make) => suite(analysisContract(make(), context)));

it('every part of the plugin has its row above', () => {
  expect(Object.keys(analyses).sort()).toEqual(Object.keys(plugin.analyses).sort());
  expect(Object.keys(plugin.attacks)).toEqual(['orthogonal']);
});

it('tells which attacks, subspaces and data it cannot treat', async () => {
  const model = linearClassifier({
    weights: [
      [1, -1],
      [2, -2],
    ],
    bias: [0, 0],
  });
  const [x, y] = [tf.tensor2d([[0.5, 0.5]]), tf.tensor1d([0], 'int32')];
  const threat = { norm: 'l2', epsilon: 0.1 } as const;
  const { cw, hopskipjump, fgsm } = await import('@advrob/attacks');
  const run = (attack: ReturnType<typeof pgd>, off: { unused: number[] } | { basis: number[][] }) =>
    orthogonal({ attack, subspace: off }).run(model, x, y, threat);
  for (const attack of [cw({ steps: 2 }), hopskipjump({ steps: 1 })])
    await expect(run(attack, { unused: [1] })).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
  await expect(run(fgsm(), { unused: [2] })).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
  await expect(run(fgsm(), { unused: [0, 1] })).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
  await expect(
    run(fgsm(), {
      basis: [
        [1, 0],
        [1, 1],
      ],
    }),
  ).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
  await expect(run(fgsm(), { basis: [[1, 0, 0]] })).rejects.toMatchObject({ code: 'ADVROB_SHAPE' });
  expect(() => orthogonal({ attack: 3 as never, subspace: { unused: [1] } })).toThrow(/attack/);

  const { train } = await subspace({ size: 8, complement: 3 });
  const memo = <T>(_: string, compute: () => Promise<T>) => compute();
  const analyze = (options: Parameters<typeof orthogonalRobustness>[0], shape: number) => {
    const other = mlp({ inputShape: [shape], hidden: [3], numClasses: 2 })(0);
    const given = {
      models: { model: other },
      data: train,
      threat: createThreat(threat, [0, 1]),
      rng: createRandom({ seed: 0 }),
      memo,
    };
    return orthogonalRobustness(options)
      .analyze(given)
      .finally(() => other.dispose!());
  };
  await expect(analyze({}, 5)).rejects.toMatchObject({ code: 'ADVROB_DATASET' });
  await expect(analyze({ subspace: { components: 8 } }, 8)).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
  await expect(analyze({ subspace: { components: 7 } }, 8)).rejects.toMatchObject({ code: 'ADVROB_DATASET' });
  const { train: full } = await subspace({ size: 8, complement: 3, rotated: true });
  const { deadInputs } = await import('./index.js');
  await expect(deadInputs(full)).rejects.toMatchObject({ code: 'ADVROB_DATASET' });
  expect(await deadInputs(train)).toMatchObject({ dimension: 5, size: 8 });
  await expect(subspacePoints({ size: 4, complement: 4 })).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
  tf.dispose([x, y]);
  model.dispose();
});
