// How large the sums inside an op can get, for exactness: { bound, grain } of its partial results from the descriptions of its inputs.

const widest = (metas) => Math.max(...metas.map(({ grain }) => grain));
const largest = (metas) => Math.max(...metas.map(({ maxAbs }) => maxAbs));

/** The numbers pass unchanged, or one of the inputs is chosen. */
export const passes = (metas) => ({ bound: largest(metas), grain: widest(metas) });
/** Sums of two. */
export const sums = (metas) => ({ bound: 2 * largest(metas), grain: widest(metas) });
/** Products of two. */
export const multiplies = ([a, b]) => ({ bound: a.maxAbs * b.maxAbs, grain: a.grain + b.grain });
/** The result is a truth value, an index or a small integer. */
export const counts = () => ({ bound: 1, grain: 0 });
/** Sums of all numbers of the first input at worst. */
export const accumulates = ([a]) => ({ bound: a.size * a.maxAbs, grain: a.grain });
/** Sums of `terms` products. */
export const dots = (terms) => (metas, attrs) => {
  const { bound, grain } = multiplies(metas);
  return { bound: bound * terms(metas, attrs), grain };
};
