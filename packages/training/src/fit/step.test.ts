import { memoryStorage, type Augmentation, type Work } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel } from '../../test/support/tiny-model.js';
import { erm } from '../methods/erm.js';
import { free } from '../methods/free.js';
import { awp } from '../parts/awp.js';
import { fit } from './fit.js';
import type { FitOptions } from './options.js';

expectNoLeaks();

/** Awaits `body` with the work of one step on a network with dropout. */
async function inStep(body: (work: Work) => Promise<void>, own: Partial<FitOptions> = {}): Promise<void> {
  const model = tinyModel({ dropout: 0.5 });
  const optimizer = () => ({ state: {}, step: body });
  await fit({ model, data: tinyData(), objective: erm(), batchSize: 8, steps: 1, optimizer, ...own } as FitOptions);
  model.dispose!();
}

/** Losses of gradients taken one after another on one batch. */
async function losses(work: Work, options: Parameters<Work['gradient']>[1][]): Promise<number[]> {
  const prepared = await work.draw();
  const found: number[] = [];
  for (const each of options) {
    const { terms } = await work.gradient(prepared, { probe: true, ...each });
    found.push((await terms['total']!.data())[0]!);
  }
  return found;
}

it('dropout draws anew for every gradient, or the same when asked to', () =>
  inStep(async (work) => {
    const [first, second, again, third] = await losses(work, [{}, {}, { sameDraws: true }, {}]);
    expect(second).not.toBe(first);
    expect(again).toBe(second);
    expect([first, second]).not.toContain(third);
  }));

it('the first gradient of a batch has draws of its own even when asked for the same', () =>
  inStep(async (work) => {
    const [before] = await losses(work, [{}]);
    const [first, second] = await losses(work, [{ sameDraws: true }, { sameDraws: true }]);
    expect(first).not.toBe(before);
    expect(second).toBe(first);
  }));

it('holds through AWP: both of its passes see the masks of the last gradient', () =>
  inStep(
    async (work) => {
      const [, centre, again] = await losses(work, [{}, {}, { sameDraws: true }]);
      // The direction of the perturbation is that of other masks than the first time, so the losses
      // are near, not equal.
      expect(Math.abs(again! - centre!)).toBeLessThan(1e-3);
    },
    { transforms: [awp({ gamma: 1e-5 })] },
  ));

describe('fit', () => {
  const shifted: Augmentation = (x, rng) => tf.add(x, tf.expandDims(rng.uniform('shift', [], 10, 11), 1));

  /** The inputs that the objective gets, draw by draw. */
  async function inputsOf(augmentations: Augmentation[], objective: 'erm' | 'free' = 'erm'): Promise<number[][]> {
    const model = tinyModel();
    const seen: number[][] = [];
    const made = objective === 'erm' ? erm() : free({ replays: 2 });
    const run = fit({
      model,
      data: tinyData({ length: 8 }),
      objective: {
        ...(made as ReturnType<typeof erm>),
        async prepare(batch, context) {
          seen.push(Array.from(await batch.x.data()));
          return made.prepare(batch, context) as never;
        },
      },
      threat: { norm: 'linf', epsilon: 0.1 },
      augmentations,
      validation: { data: tinyData({ length: 8 }), measure: async () => ({ score: 0, metrics: {} }) },
      batchSize: 4,
      epochs: 2,
    });
    await run;
    made.dispose?.();
    model.dispose!();
    return seen;
  }

  it('augments what the objective sees, in order, anew in each pass', async () => {
    const plain = await inputsOf([]);
    const seen = await inputsOf([shifted, (x) => tf.mul(x, 2)]);
    const shifts = seen.map((batch, i) => batch.map((value, at) => value / 2 - plain[i]![at]!));
    for (const batch of shifts)
      for (const [at, shift] of batch.entries()) {
        expect(shift).toBeGreaterThanOrEqual(10 - 1e-5);
        expect(shift).toBeLessThan(11);
        expect(shift).toBeCloseTo(batch[4 * Math.floor(at / 4)]!, 4);
      }
    expect(new Set(shifts.map(([shift]) => shift!.toFixed(4))).size).toBe(4);
  });

  it('draws each stage apart', async () => {
    const both = await inputsOf([shifted, shifted]);
    const plain = await inputsOf([]);
    const once = await inputsOf([shifted]);
    const [first, sum] = [once[0]![0]! - plain[0]![0]!, both[0]![0]! - plain[0]![0]!];
    expect(Math.abs(sum - 2 * first)).toBeGreaterThan(1e-3);
  });

  it('gives a replayed batch the same augmentation', async () => {
    const seen = await inputsOf([shifted], 'free');
    expect(seen).toHaveLength(8);
    for (let draw = 0; draw < 8; draw += 2) expect(seen[draw]).toEqual(seen[draw + 1]);
    expect(seen[0]).not.toEqual(seen[2]);
  });

  it('refuses a checkpoint of other augmentations', async () => {
    const storage = memoryStorage();
    const run = (padding: number) => {
      const model = tinyModel();
      const own = { ...model, inputShape: [4] };
      return fit({
        model: own,
        data: tinyData(),
        objective: erm(),
        augmentations: [
          Object.assign((x: tf.Tensor) => tf.clone(x), { origin: { name: 'crop', options: { padding } } }),
        ],
        batchSize: 8,
        steps: 2,
        checkpoint: { storage },
      }).finally(() => model.dispose!());
    };
    await run(4);
    await expect(run(2)).rejects.toMatchObject({ code: 'ADVROB_CHECKPOINT_MISMATCH' });
  });
});
