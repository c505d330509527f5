import type { Classifier } from '@advrob/core';
import { exactDistances } from '@advrob/core/attack';
import { classify } from '../../evaluate/classify.js';
import { craft } from '../../evaluate/craft.js';
import type { AttackCall, DrawnBatch } from './shared.js';

/** Which rows of a batch an attack fooled, clean errors included. */
export type AttackOutcomes = { readonly success: (0 | 1)[]; readonly unconfirmed: number };

export async function measureAttack(
  { model, attack, threat, seed, restarts = 1, signal, onProgress }: AttackCall,
  { x, y, ids }: DrawnBatch,
): Promise<AttackOutcomes> {
  const result = await attack.run(model, x, y, threat, { seed, ids, restarts, signal, onProgress });
  result.adversarial.dispose();
  return { success: Array.from(result.success, (hit) => (hit ? 1 : 0)), unconfirmed: result.unconfirmed };
}

/** Share of examples for which two calls with the same seed end at different points. */
export async function measureRepetition(
  { model, attack, threat, seed, signal, onProgress }: AttackCall,
  batch: DrawnBatch,
): Promise<number> {
  const points: Float32Array[] = [];
  for (let call = 0; call < 2; call++) {
    const adversarial = await craft(attack, model, batch, threat, { seed, signal, onProgress });
    points.push(Float32Array.from(await adversarial.data().finally(() => adversarial.dispose())));
  }
  const [first, second] = points as [Float32Array, Float32Array];
  const size = first.length / batch.labels.length;
  const differs = batch.labels.filter((_, row) =>
    first.subarray(row * size, (row + 1) * size).some((value, i) => value !== second[row * size + i]),
  );
  return differs.length / batch.labels.length;
}

/** As {@link measureAttack}, with the points made on `source` and judged on the model. */
export async function measureTransfer(
  { model, attack, threat, seed, signal, onProgress }: AttackCall,
  source: Classifier,
  batch: DrawnBatch,
): Promise<AttackOutcomes> {
  const { x, labels } = batch;
  const points = await craft(attack, source, batch, threat, { seed, signal, onProgress });
  try {
    const { predictions } = await classify(model, points);
    const distances = exactDistances(
      threat.norm,
      (await points.data()) as Float32Array,
      (await x.data()) as Float32Array,
      labels.length,
    );
    const isInside = (row: number): boolean => distances[row]! <= threat.epsilon * (1 + 1e-5) + 1e-5;
    return {
      success: labels.map((label, row) => (predictions[row] !== label && isInside(row) ? 1 : 0)),
      unconfirmed: 0,
    };
  } finally {
    points.dispose();
  }
}
