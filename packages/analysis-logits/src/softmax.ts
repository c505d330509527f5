/** Softmax of one row in float64: so equal logits give equal probabilities on every backend. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  let largest = -Infinity;
  for (let k = 0; k < logits.length; k++) largest = Math.max(largest, logits[k]!);
  const powers = Float64Array.from(logits, (value) => Math.exp(value - largest));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}
