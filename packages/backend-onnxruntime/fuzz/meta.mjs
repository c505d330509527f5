/** float32 holds integers up to 2^24; one bit stays in reserve, so that sums in any order are exact below it. */
const exactLimit = 2 ** 23;
const finestGrain = 12;

/**
 * What the generator knows of a value from the cpu backend's numbers: shape, dtype, range, whether all numbers are finite, and whether they
 * are exact, that is, free of rounding on any backend. Exact numbers are multiples of 2^-grain. Only exact values may enter comparisons,
 * rounding, argmax or (when gradients are taken) kinks such as relu's: there, rounding would change the result by a jump.
 */
export function describe(shape, dtype, data, exact) {
  let min = Infinity;
  let max = -Infinity;
  let minAbs = Infinity;
  let finite = true;
  for (const value of data) {
    if (!Number.isFinite(value)) {
      finite = false;
      continue;
    }
    min = Math.min(min, value);
    max = Math.max(max, value);
    minAbs = Math.min(minAbs, Math.abs(value));
  }
  const maxAbs = data.length === 0 || min > max ? 0 : Math.max(-min, max);
  const grain = exact ? grainOf(data) : finestGrain + 1;
  return {
    shape,
    dtype,
    size: data.length,
    min,
    max,
    minAbs,
    maxAbs,
    finite,
    grain,
    exact: exact && grain <= finestGrain,
  };
}

function grainOf(data) {
  let grain = 0;
  for (const value of data) {
    while (Number.isFinite(value) && grain <= finestGrain && !Number.isInteger(value * 2 ** grain)) grain++;
  }
  return grain;
}

/** Whether sums of numbers up to `bound` that are multiples of 2^-grain come out without rounding in any order. */
export const sumsExactly = ({ bound, grain }) => bound * 2 ** grain <= exactLimit;
