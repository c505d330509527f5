/** Whether a number is one that IEEE 754 binary16 holds: 11 significant bits, at most 65504, down to steps of 2^-24. */
export function isHalf(value: number): boolean {
  const size = Math.abs(value);
  if (size === 0) return true;
  if (!(size <= 65504)) return false;
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const step = 2 ** (exponent - 10);
  return Number.isInteger(size / step);
}
