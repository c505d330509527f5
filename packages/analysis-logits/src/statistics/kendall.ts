/**
 * Kendall's tau-b of two short lists: concordant minus discordant pairs over the geometric mean of the pairs that are untied in each (Kendall 1945, "The
 * treatment of ties in ranking problems"). Null when one list is constant or has a single entry.
 */
export function kendallTau(first: ArrayLike<number>, second: ArrayLike<number>): number | null {
  let [sum, untiedFirst, untiedSecond] = [0, 0, 0];
  for (let i = 0; i < first.length; i++)
    for (let j = 0; j < i; j++) {
      const [a, b] = [Math.sign(first[i]! - first[j]!), Math.sign(second[i]! - second[j]!)];
      sum += a * b;
      untiedFirst += Math.abs(a);
      untiedSecond += Math.abs(b);
    }
  return untiedFirst > 0 && untiedSecond > 0 ? sum / Math.sqrt(untiedFirst * untiedSecond) : null;
}
