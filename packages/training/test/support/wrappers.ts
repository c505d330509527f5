import { readFixture, type Values } from './fixture.js';

/** Steps of PyTorch in float64; see tooling/oracle/training/wrappers.py. */
export const wrappers = readFixture<{
  rate: number;
  steps: number;
  awp: { options: object; optimizer: 'sgd' | 'adamw'; weights: Values[] }[];
  averages: { averager: 'swa' | 'ema'; options: never; weights: Values }[];
  free: { norm: 'linf' | 'l2'; epsilon: number; replays: number; after: { weights: Values; delta: number[] }[] }[];
}>('wrappers');

/** Arguments of `fit` for them all. */
export const shared = {
  steps: wrappers.steps,
  batchSize: 8,
  learningRate: wrappers.rate,
  logEvery: 100,
} as const;
