import { product } from '../draw.mjs';
import { passes } from './rules.mjs';

const every = ['float32', 'int32', 'bool'];

/** One input of any dtype with a rank in [low, high]; `attrs` draws the rest from its shape. */
function moving(name, { low = 1, high = 4, dtypes = every, attrs, run, ...traits }) {
  return {
    name,
    draw: (draft) => {
      const fits = ({ shape, dtype }) => shape.length >= low && shape.length <= high && dtypes.includes(dtype);
      const x = draft.input(fits, () =>
        draft.leaf(draft.shape(low, high), draft.random.pick(['float32', 'float32', ...dtypes])),
      );
      return { inputs: [x], attrs: attrs(draft.random, draft.metas[x].shape) };
    },
    run: (tf, [x], drawn) => run(tf, x, drawn),
    exact: passes,
    gradient: true,
    nonfinite: true,
    ...traits,
  };
}

/** Another shape for the same number of numbers. */
function reshaped(random, shape) {
  const total = product(shape);
  if (total === 0) return random.shuffle(shape);
  const divisors = Array.from({ length: Math.min(total, 60) }, (_, i) => i + 1).filter((d) => total % d === 0);
  const first = random.pick(divisors);
  return random.pick([
    [total],
    [first, total / first],
    [1, first, total / first],
    [first, 1, total / first],
    shape.filter((s) => s !== 1),
  ]);
}

const window = (random, shape) => {
  const begin = shape.map((size) => random.int(0, Math.max(0, size - 1)));
  return { begin, size: shape.map((size, i) => (size === 0 ? 0 : random.int(1, size - begin[i]))) };
};

const strided = (random, shape) => {
  const strides = shape.map(() => random.pick([1, 1, 2, -1]));
  return {
    begin: shape.map((size, i) => (strides[i] < 0 ? size - 1 : random.int(0, Math.max(0, size - 1)))),
    end: shape.map((size, i) => (strides[i] < 0 ? -size - 1 : random.pick([size, -1, size + 2]))),
    strides,
    masks: [random.int(0, 3), random.int(0, 3)],
  };
};

export const shapeOps = [
  moving('reshape', {
    low: 0,
    attrs: (random, shape) => ({ shape: reshaped(random, shape) }),
    run: (tf, x, { shape }) => tf.reshape(x, shape),
  }),
  moving('expandDims', {
    low: 0,
    high: 3,
    attrs: (random, shape) => ({ axis: random.int(0, shape.length) }),
    run: (tf, x, { axis }) => tf.expandDims(x, axis),
  }),
  moving('squeeze', { attrs: () => ({}), run: (tf, x) => tf.squeeze(x) }),
  moving('transpose', {
    low: 2,
    high: 5,
    attrs: (random, shape) => ({ perm: random.shuffle(shape.map((_, i) => i)) }),
    run: (tf, x, { perm }) => tf.transpose(x, perm),
  }),
  moving('tile', {
    attrs: (random, shape) => ({ reps: shape.map(() => random.pick([1, 1, 2, 3])) }),
    run: (tf, x, { reps }) => tf.tile(x, reps),
    accepts: ([x]) => x.size <= 100,
  }),
  moving('broadcastTo', {
    high: 3,
    attrs: (random, shape) => ({
      shape: [...(random.chance(0.5) ? [2] : []), ...shape.map((size) => (size === 1 ? 3 : size))],
    }),
    run: (tf, x, { shape }) => tf.broadcastTo(x, shape),
    accepts: ([x]) => x.size <= 100,
  }),
  moving('slice', { attrs: window, run: (tf, x, { begin, size }) => tf.slice(x, begin, size) }),
  moving('stridedSlice', {
    attrs: strided,
    run: (tf, x, { begin, end, strides, masks }) => tf.stridedSlice(x, begin, end, strides, ...masks),
    gradient: false,
  }),
  moving('pad', {
    attrs: (random, shape) => ({
      paddings: shape.map(() => [random.int(0, 2), random.int(0, 1)]),
      value: random.pick([0, 0, 1, -2]),
    }),
    run: (tf, x, { paddings, value }) => tf.pad(x, paddings, x.dtype === 'bool' ? 0 : value),
    exact: ([x]) => ({ bound: Math.max(2, x.maxAbs), grain: x.grain }),
    accepts: ([x]) => x.size <= 200,
  }),
  moving('mirrorPad', {
    dtypes: ['float32', 'int32'],
    attrs: (random, shape) => ({
      paddings: shape.map((size) => [
        Math.min(random.int(0, 2), Math.max(0, size - 1)),
        size > 1 ? random.int(0, 1) : 0,
      ]),
      mode: random.pick(['reflect', 'symmetric']),
    }),
    run: (tf, x, { paddings, mode }) => tf.mirrorPad(x, paddings, mode),
    accepts: ([x]) => x.size <= 200 && x.size > 0,
  }),
  moving('reverse', {
    attrs: (random, shape) => ({ axes: shape.map((_, i) => i).filter(() => random.chance(0.5)) }),
    run: (tf, x, { axes }) => tf.reverse(x, axes),
    accepts: (_, { axes }) => axes.length > 0,
  }),
  moving('unstack', {
    attrs: (random, shape) => ({ axis: random.int(0, shape.length - 1), take: random.int(0, 6) }),
    run: (tf, x, { axis, take }) => {
      const parts = tf.unstack(x, axis);
      return parts[take % parts.length];
    },
    accepts: ([x]) => x.size > 0,
  }),
  moving('split', {
    attrs: (random, shape) => {
      const axis = random.int(0, shape.length - 1);
      const at = random.int(0, shape[axis]);
      return { axis, sizes: [at, shape[axis] - at], take: random.int(0, 1) };
    },
    run: (tf, x, { axis, sizes, take }) => tf.split(x, sizes, axis)[take],
  }),
  moving('spaceToBatchND', {
    low: 4,
    dtypes: ['float32'],
    attrs: (random, shape) => ({
      crops: [
        [0, shape[1] % 2],
        [0, shape[2] % 2],
      ],
    }),
    run: (tf, x, { crops }) => tf.spaceToBatchND(x, [2, 2], crops),
    accepts: ([x]) => x.size > 0,
  }),
  moving('batchToSpaceND', {
    low: 4,
    dtypes: ['float32'],
    attrs: () => ({}),
    run: (tf, x) =>
      tf.batchToSpaceND(
        x,
        [2, 2],
        [
          [0, 0],
          [0, 0],
        ],
      ),
    accepts: ([x]) => x.size > 0 && x.shape[0] % 4 === 0,
  }),
  moving('depthToSpace', {
    low: 4,
    dtypes: ['float32'],
    attrs: () => ({}),
    run: (tf, x) => tf.depthToSpace(x, 2),
    accepts: ([x]) => x.size > 0 && x.shape[3] % 4 === 0,
    gradient: false,
  }),
];
