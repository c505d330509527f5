/** Values rounded to the 256 levels that an 8-bit image has between the bounds. */
export function quantize(values: Float32Array, [low, high]: readonly [number, number]): Float32Array {
  const scale = 255 / (high - low);
  return values.map((value) => low + Math.round((value - low) * scale) / scale);
}
