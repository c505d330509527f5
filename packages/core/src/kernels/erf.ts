import type { KernelMend } from '../gradients/registries.js';
import { valueByValue } from './host.js';

/** The error function to double precision: a series where it converges well, else a fraction. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (size > 6) return Math.sign(x);
  return size < 2.5 ? series(x) : Math.sign(x) * (1 - complement(size));
}

function series(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function complement(x: number): number {
  let rest = 0;
  for (let k = 40; k > 0; k--) rest = k / 2 / (x + rest);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + rest);
}

/** The cpu backend's own approximation is off by 1e-9 everywhere: of 1e-12 it makes 1e-9. */
export const erfKernels: readonly KernelMend[] = [
  { kernelName: 'Erf', backendName: 'cpu', mend: (registered) => valueByValue(registered, erf) },
];
