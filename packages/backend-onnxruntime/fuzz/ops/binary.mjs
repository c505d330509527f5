import { counts, multiplies, passes, sums } from './rules.mjs';

/** A shape that broadcasts with `shape`: some sizes 1, some leading sizes left out. */
function broadcastable(random, shape) {
  const kept = shape.map((size) => (random.chance(0.25) ? 1 : size));
  return random.chance(0.3) ? kept.slice(random.int(0, kept.length)) : kept;
}

const compatible = (a, b) => {
  for (let i = 1; i <= Math.min(a.length, b.length); i++) {
    const [left, right] = [a.at(-i), b.at(-i)];
    if (left !== right && left !== 1 && right !== 1) return false;
  }
  return true;
};

/** Two inputs of one dtype that broadcast; the order is random. `second` describes new second inputs. */
export function drawPair(draft, dtypes, second = {}, acceptsSecond = () => true) {
  const { random } = draft;
  const first = draft.input(
    (meta) => dtypes.includes(meta.dtype),
    () => draft.leaf(draft.shape(), random.pick(dtypes)),
  );
  const { shape, dtype } = draft.metas[first];
  const other =
    (random.chance(0.5)
      ? draft.existing((meta) => meta.dtype === dtype && compatible(meta.shape, shape) && acceptsSecond(meta))
      : undefined) ?? draft.leaf(broadcastable(random, shape), dtype, second);
  return { first, other };
}

function binary(name, { dtypes = ['float32', 'int32'], second, acceptsSecond = () => true, swap = true, ...traits }) {
  return {
    name,
    draw: (draft) => {
      const { first, other } = drawPair(draft, dtypes, second, acceptsSecond);
      const inputs = swap && draft.random.chance(0.5) ? [other, first] : [first, other];
      return { inputs, attrs: {} };
    },
    run: (tf, [a, b]) => tf[name](a, b),
    accepts: ([, b]) => acceptsSecond(b),
    ...traits,
  };
}

const awayFromZero = {
  second: { range: [-3, 3], nonzero: true },
  acceptsSecond: (meta) => meta.minAbs >= 0.5,
  swap: false,
};
const comparison = { dtypes: ['float32', 'int32', 'bool'], exact: counts, jump: true, nonfinite: true };

export const binaryOps = [
  binary('add', { exact: sums, gradient: true, nonfinite: true }),
  binary('sub', { exact: sums, gradient: true, nonfinite: true }),
  binary('mul', { exact: multiplies, gradient: true, nonfinite: true }),
  binary('squaredDifference', {
    exact: (m) => {
      const { bound, grain } = sums(m);
      return { bound: bound * bound, grain: 2 * grain };
    },
    gradient: true,
    nonfinite: true,
  }),
  binary('maximum', { exact: passes, kink: true, gradient: true, nonfinite: true }),
  binary('minimum', { exact: passes, kink: true, gradient: true, nonfinite: true }),
  binary('div', { dtypes: ['float32'], ...awayFromZero, gradient: true }),
  binary('divNoNan', { dtypes: ['float32'], jump: true, gradient: false }),
  binary('floorDiv', {
    ...awayFromZero,
    exact: ([a, b]) => ({ bound: a.maxAbs * 2 ** b.grain + 1, grain: 0 }),
    jump: true,
  }),
  binary('mod', { ...awayFromZero, exact: passes, jump: true, gradient: true }),
  binary('atan2', { dtypes: ['float32'], ...awayFromZero, jump: true, gradient: true }),
  ...['equal', 'notEqual', 'greater', 'greaterEqual', 'less', 'lessEqual'].map((name) => binary(name, comparison)),
  ...['logicalAnd', 'logicalOr', 'logicalXor'].map((name) => binary(name, { dtypes: ['bool'], exact: counts })),
  {
    name: 'pow',
    draw: (draft) => {
      const base = draft.input(
        (meta) => meta.dtype === 'float32' && meta.min >= 0.4 && meta.max <= 4,
        () => draft.leaf(draft.shape(), 'float32', { range: [0.5, 3] }),
      );
      const exponent = draft.leaf(broadcastable(draft.random, draft.metas[base].shape), 'float32', { range: [-2, 3] });
      return { inputs: [base, exponent], attrs: {} };
    },
    run: (tf, [a, b]) => tf.pow(a, b),
    accepts: ([a, b]) => a.size * b.size === 0 || (a.min >= 0.4 && a.max <= 4 && b.maxAbs <= 4),
    gradient: true,
  },
  {
    name: 'prelu',
    draw: (draft) => {
      const x = draft.input(
        (meta) => meta.dtype === 'float32',
        () => draft.leaf(draft.shape(1)),
      );
      const alpha = draft.leaf(broadcastable(draft.random, draft.metas[x].shape), 'float32', { range: [-1, 1] });
      return { inputs: [x, alpha], attrs: {} };
    },
    run: (tf, [x, alpha]) => tf.prelu(x, alpha),
    exact: (metas) => ({ bound: Math.max(multiplies(metas).bound, metas[0].maxAbs), grain: multiplies(metas).grain }),
    kink: true,
    gradient: true,
  },
  {
    name: 'where',
    draw: (draft) => {
      const { first, other } = drawPair(draft, ['float32', 'int32']);
      const { shape } = draft.metas[draft.random.chance(0.7) ? first : other];
      const fits = (meta) => meta.dtype === 'bool' && compatible(meta.shape, shape);
      return {
        inputs: [draft.input(fits, () => draft.leaf(broadcastable(draft.random, shape), 'bool')), first, other],
        attrs: {},
      };
    },
    run: (tf, [condition, a, b]) => tf.where(condition, a, b),
    // tfjs gives broadcasts to no elements another shape
    accepts: (metas) => metas.every(({ size }) => size > 0) || new Set(metas.map(({ shape }) => `${shape}`)).size === 1,
    exact: (metas) => passes(metas.slice(1)),
    gradient: true,
    nonfinite: true,
  },
  {
    name: 'logicalNot',
    draw: (draft) => ({
      inputs: [
        draft.input(
          (meta) => meta.dtype === 'bool',
          () => draft.leaf(draft.shape(), 'bool'),
        ),
      ],
      attrs: {},
    }),
    run: (tf, [x]) => tf.logicalNot(x),
    exact: counts,
  },
];
