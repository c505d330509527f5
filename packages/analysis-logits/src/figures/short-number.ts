/** A number for captions. */
export function shortNumber(value: number | null): string {
  return value === null ? 'undefined' : value.toFixed(2);
}
