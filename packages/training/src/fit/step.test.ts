import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { Work } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { awp, erm, fit, type FitOptions } from '../index.js';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel } from '../../test/support/tiny-model.js';

beforeAll(() => tf.setBackend('cpu'));

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
      // The direction of the perturbation is that of other masks than the first time, so the losses are near, not equal.
      expect(Math.abs(again! - centre!)).toBeLessThan(1e-3);
    },
    { transforms: [awp({ gamma: 1e-5 })] },
  ));
