import { AdvrobError } from '../errors.js';

/**
 * Turns random words of 32 bits into draws, one word each; `values` receives `values.length` of
 * them.
 */
export type Distribution = (words: Uint32Array, values: Float32Array) => void;

const unit = 2 ** -32;

/** Standard normal. One word reaches 6.3 standard deviations; no draw is infinite. */
export const normal: Distribution = (words, values) => {
  for (let i = 0; i < values.length; i++) values[i] = normalOfUniform((words[i]! + 0.5) * unit);
};

/**
 * Laplace with location 0 and scale 1, by its inverse distribution function; no draw is infinite.
 */
export const laplace: Distribution = (words, values) => {
  for (let i = 0; i < values.length; i++) {
    const p = (words[i]! + 0.5) * unit;
    values[i] = p < 0.5 ? Math.log(2 * p) : -Math.log(2 - 2 * p);
  }
};

/**
 * Uniform float32 in [low, high).
 *
 * @throws AdvrobError `ADVROB_RANGE` when no float32 lies in [low, high), or a side is not finite.
 */
export function uniform(low: number, high: number): Distribution {
  const lowest = Math.fround(low) >= low ? Math.fround(low) : neighbour(low, 1);
  const highest = Math.fround(high) < high ? Math.fround(high) : neighbour(high, -1);
  if (!(Number.isFinite(low) && Number.isFinite(high) && lowest <= highest))
    throw new AdvrobError(
      'ADVROB_RANGE',
      `expected a range [low, high) of finite numbers with low < high, found [${low}, ${high})`,
    );
  const scale = (high - low) * unit;
  return (words, values) => {
    for (let i = 0; i < values.length; i++) {
      // Rounding to float32 may leave the range by half a unit in the last place.
      const value = Math.fround(low + words[i]! * scale);
      values[i] = value < lowest ? lowest : value > highest ? highest : value;
    }
  };
}

/** The float32 next to `fround(value)` above (`direction` 1) or below (-1). */
function neighbour(value: number, direction: 1 | -1): number {
  const rounded = new Float32Array([value]);
  if (rounded[0] === 0) return direction * 2 ** -149;
  const bits = new Int32Array(rounded.buffer);
  bits[0]! += rounded[0]! > 0 ? direction : -direction;
  return rounded[0]!;
}

/**
 * The standard normal draw that belongs to a uniform draw `p` in (0, 1): its quantile to about 7
 * digits, the precision of the float32 it ends in. Every seeded draw is made of its bits, so it
 * never changes. Only the tails (15% of the draws) need a logarithm, and it is finite wherever `p`
 * is inside (0, 1).
 *
 * Wichura 1988, "Algorithm AS 241: The percentage points of the normal distribution", routine
 * PPND7.
 */
export function normalOfUniform(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (
      (q * (((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)) /
      (((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1)
    );
  }
  const tail = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const value = tail <= 5 ? nearTail(tail - 1.6) : farTail(tail - 5);
  return q < 0 ? -value : value;
}

function nearTail(r: number): number {
  return (
    (((0.17023821103 * r + 1.3067284816) * r + 2.75681539) * r + 1.4234372777) /
    ((0.12021132975 * r + 0.7370016425) * r + 1)
  );
}

function farTail(r: number): number {
  return (
    (((0.017337203997 * r + 0.42868294337) * r + 3.081226386) * r + 6.657905115) /
    ((0.012258202635 * r + 0.24197894225) * r + 1)
  );
}
