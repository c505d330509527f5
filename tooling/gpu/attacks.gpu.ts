import { apgdCe, cw, fabT, pgd, square } from '@advrob/attacks';
import type { Attack, Norm } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { largestDifference, onBoth, trafficMeter, useGpu } from './backends.js';
import { examples, network } from './model.js';
import { refuseCpuNodes } from './no-cpu-nodes.js';

const count = 8;

beforeAll(refuseCpuNodes);

async function run(attack: Attack, norm: Norm, epsilon: number, onStep?: () => void) {
  const [model, x] = [await network(), examples(count)];
  const y = tf.tidy(() => tf.argMax(model.logits(x), 1));
  const result = await attack.run(model, x, y, { norm, epsilon }, { seed: 3, ...(onStep && { onProgress: onStep }) });
  const points = await result.adversarial.data();
  tf.dispose([x, y, result.adversarial, Object.values(model.weights)]);
  return { success: [...result.success], queries: [...result.queries], points };
}

describe('attacks on a GPU', () => {
  it.each([
    ['PGD in Linf', pgd({ steps: 10 }), 'linf', 0.1, 1e-4],
    ['PGD in L2', pgd({ steps: 10 }), 'l2', 0.5, 1e-4],
    ['APGD-CE', apgdCe({ steps: 8 }), 'linf', 0.1, 1e-4],
    ['FAB-T', fabT({ steps: 4, targets: 2 }), 'linf', 0.1, 1e-4],
    ['Square', square({ queries: 20 }), 'linf', 0.2, 1e-4],
    // Adam divides by gradients that are near 0: there the last bit moves a point.
    ['C&W', cw({ steps: 20, searches: 2, learningRate: 0.05 }), 'l2', 2, 0.05],
  ] as const)('%s finds what it finds on the cpu backend', async (_, attack, norm, epsilon, tolerance) => {
    const [cpu, gpu] = await onBoth(() => run(attack, norm, epsilon));
    expect(cpu.success.reduce((sum, hit) => sum + hit, 0)).toBeGreaterThan(0);
    expect(gpu.success).toEqual(cpu.success);
    expect(gpu.queries).toEqual(cpu.queries);
    expect(largestDifference(gpu.points, cpu.points)).toBeLessThan(tolerance);
  });

  it('a step of PGD brings nothing to the device and fetches the row of who withstands alone', async () => {
    await useGpu();
    const steps: { deviceReads: number; deviceUploads: number }[] = [];
    const traffic = trafficMeter();
    await run(pgd({ steps: 12 }), 'linf', 0.001, () => steps.push(traffic()));
    const settled = steps.slice(2);
    expect(settled.length).toBeGreaterThanOrEqual(9);
    for (const { deviceUploads } of settled) expect(deviceUploads).toBe(0);
    // The loop looks in every one of the first eight steps, then in every fourth.
    for (const { deviceReads } of settled) expect(deviceReads).toBeLessThanOrEqual(1);
    expect(settled.some(({ deviceReads }) => deviceReads === 0)).toBe(true);
  });
});
