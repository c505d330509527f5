const relative = 1e-5;
const ofLargest = 1e-6;
const sensitivityFactor = 64;
const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/**
 * The first difference between a result and its reference as a sentence, or undefined. Exact results must be equal. Others may differ by
 * 1e-5 of the number, 1e-6 of the largest number of the tensor, and 64 times the measured sensitivity to rounding. NaN equals NaN.
 */
export function difference(expected, actual, sensitivity, isExact) {
  const where = expected.label;
  if (expected.dtype !== actual.dtype) return `${where}: dtype ${actual.dtype}, cpu has ${expected.dtype}`;
  if (String(expected.shape) !== String(actual.shape))
    return `${where}: shape [${actual.shape}], cpu has [${expected.shape}]`;
  if (expected.data.length !== actual.data.length)
    return `${where}: ${actual.data.length} numbers, cpu has ${expected.data.length}`;
  // cpu itself sometimes gives another kind of array than the dtype asks for
  if (!(actual.data instanceof arrays[actual.dtype]) && actual.data.constructor !== expected.data.constructor) {
    return `${where}: read as ${actual.data.constructor.name}, its dtype is ${actual.dtype}`;
  }
  let largest = 0;
  for (const value of expected.data) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  for (let i = 0; i < expected.data.length; i++) {
    const [want, have] = [expected.data[i], actual.data[i]];
    if (want === have || (Number.isNaN(want) && Number.isNaN(have))) continue;
    const tolerance = isExact ? 0 : relative * Math.abs(want) + ofLargest * largest + sensitivityFactor * sensitivity;
    if (Number.isFinite(want) && Math.abs(have - want) <= tolerance) continue;
    return `${where}: number ${i} of [${expected.shape}] is ${have}, cpu has ${want} (tolerance ${tolerance.toPrecision(2)})`;
  }
  return undefined;
}
