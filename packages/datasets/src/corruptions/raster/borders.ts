/** What stands beyond the edge of a row of `size` values: the index of the value to take for any whole `index`. */
export type Border = (index: number, size: number) => number;

/** a a | a b c d | d d */
export const nearest: Border = (index, size) => Math.min(Math.max(index, 0), size - 1);

/** b a | a b c d | d c */
export const reflect: Border = (index, size) => {
  const place = modulo(index, 2 * size);
  return place < size ? place : 2 * size - 1 - place;
};

/** c b | a b c d | c b */
export const mirror: Border = (index, size) => {
  if (size === 1) return 0;
  const place = modulo(index, 2 * size - 2);
  return place < size ? place : 2 * size - 2 - place;
};

function modulo(index: number, period: number): number {
  return ((index % period) + period) % period;
}
