import { describe } from './meta.mjs';

const product = (sizes) => sizes.reduce((total, size) => total * size, 1);

/**
 * The growing program that ops draw from: its nodes, what is known of their values, and ways to pick an input or to make a new one.
 * `traits` are { gradient, nonfinite, zeroSizes }: what kind of program this is.
 */
export function createDraft(random, traits) {
  const nodes = [];
  const metas = [];

  const add = (node, meta) => {
    nodes.push(node);
    metas.push(meta);
    return nodes.length - 1;
  };

  const size = () => random.pick([1, 1, 2, 2, 3, 3, 4, 5, 7]);

  /** A shape of `low` to `high` dimensions with at most some hundred numbers. */
  const shape = (low = 0, high = 4) => {
    const sizes = Array.from({ length: random.int(low, high) }, size);
    while (product(sizes) > 600) sizes[random.int(0, sizes.length - 1)] = 1;
    if (traits.zeroSizes && sizes.length > 0 && random.chance(0.6)) sizes[random.int(0, sizes.length - 1)] = 0;
    return sizes;
  };

  /**
   * A new input of the program. `range` bounds the numbers, `grid` makes them multiples of 1/2 (exact), `nonzero` keeps them away from 0.
   */
  const leaf = (sizes, dtype = 'float32', { range = [-4, 4], grid = random.chance(0.6), nonzero = false } = {}) => {
    const exact = dtype !== 'float32' || grid;
    const number = () => {
      const value = range[0] + random.next() * (range[1] - range[0]);
      if (dtype === 'bool') return random.int(0, 1);
      if (dtype === 'int32') return nonzero ? Math.round(value) || 1 : Math.round(value) + 0; // + 0 turns -0 into 0
      const rounded = grid ? Math.max(range[0], Math.min(range[1], Math.round(value * 2) / 2)) + 0 : Math.fround(value);
      return nonzero && Math.abs(rounded) < 0.5 ? 1 : rounded;
    };
    const data = Array.from({ length: product(sizes) }, number);
    if (traits.nonfinite && dtype === 'float32') {
      for (let i = 0; i < data.length; i++)
        if (random.chance(0.15)) data[i] = random.pick([NaN, Infinity, -Infinity, -0]);
    }
    return add({ kind: 'leaf', shape: sizes, dtype, data }, describe(sizes, dtype, data, exact));
  };

  /** An existing value that fits, preferring recent ones; undefined when there is none. */
  const existing = (fits) => {
    const fitting = metas.flatMap((meta, id) => (fits(meta) ? [id] : []));
    if (fitting.length === 0) return undefined;
    return random.chance(0.5) ? fitting.at(-1) : random.pick(fitting);
  };

  /** An existing value that fits (mostly), or a new one from `make`. */
  const input = (fits, make) => (random.chance(0.85) ? existing(fits) : undefined) ?? make();

  return { random, traits, nodes, metas, add, shape, size, leaf, existing, input };
}

export { product };
