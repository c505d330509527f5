import { readFixture } from '../../../training/test/support/fixture.js';
import type { Values } from './tanh-model.js';

/** Made by tooling/oracle/training/rat.py. */
export const ratFixture = readFixture<{
  shapes: Record<string, number[]>;
  initial: Values;
  x: number[][];
  adversarial: number[][];
  y: number[];
  cases: { options: object; total: number; terms: Record<string, number>; gradients: Values }[];
}>('rat');
