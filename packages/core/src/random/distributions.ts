import { AdvrobError } from '../errors.js';
import { normalQuantile } from './normal-quantile.js';

/** Turns random words of 32 bits into draws, one word each; `values` receives `values.length` of them. */
export type Distribution = (words: Uint32Array, values: Float32Array) => void;

const unit = 2 ** -32;

/** Standard normal. One word reaches 6.3 standard deviations; no draw is infinite. */
export const normal: Distribution = (words, values) => {
  for (let i = 0; i < values.length; i++) values[i] = normalQuantile((words[i]! + 0.5) * unit);
};

/** Laplace with location 0 and scale 1, by its inverse distribution function; no draw is infinite. */
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
