/** Falls from `first` at step 0 towards `last` at step `steps` along half a cosine. */
export function cosine(first: number, last: number, step: number, steps: number): number {
  return last + ((first - last) * (1 + Math.cos((Math.PI * step) / steps))) / 2;
}
