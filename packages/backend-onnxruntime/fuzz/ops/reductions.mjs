import { accumulates, counts, passes } from './rules.mjs';

/** Some axes of a value of rank `rank`, sometimes counted from the end; undefined means all. */
const someAxes = (random, rank) => {
  if (rank === 0 || random.chance(0.2)) return undefined;
  const axes = random.shuffle(Array.from({ length: rank }, (_, i) => i)).slice(0, random.int(1, rank));
  return axes.map((axis) => (random.chance(0.2) ? axis - rank : axis));
};

const oneAxis = (random, rank) => random.int(-rank, rank - 1);

function reduction(
  name,
  { dtypes = ['float32', 'int32'], run = (tf, [x], { axes, keepDims }) => tf[name](x, axes, keepDims), ...traits },
) {
  return {
    name,
    draw: (draft) => {
      const x = draft.input(
        (meta) => dtypes.includes(meta.dtype),
        () => draft.leaf(draft.shape(1), draft.random.pick(dtypes)),
      );
      const rank = draft.metas[x].shape.length;
      return { inputs: [x], attrs: { axes: someAxes(draft.random, rank), keepDims: draft.random.chance(0.4) } };
    },
    run,
    ...traits,
  };
}

/** Ops along one axis of a float value of rank 1 or more. */
function alongAxis(name, { dtypes = ['float32'], extra = () => ({}), last = false, ...traits }) {
  return {
    name,
    draw: (draft) => {
      const fits = (meta) => dtypes.includes(meta.dtype) && meta.shape.length > 0;
      const x = draft.input(fits, () => draft.leaf(draft.shape(1), draft.random.pick(dtypes)));
      const rank = draft.metas[x].shape.length;
      return { inputs: [x], attrs: { axis: last ? -1 : oneAxis(draft.random, rank), ...extra(draft.random) } };
    },
    ...traits,
  };
}

const moderate = ([x]) => x.maxAbs <= 30;
const cumulative = (random) => ({ exclusive: random.chance(0.3), reverse: random.chance(0.3) });

export const reductionOps = [
  reduction('sum', { dtypes: ['float32', 'int32', 'bool'], exact: accumulates, gradient: true, nonfinite: true }),
  // no noise reaches the quotients that cpu adds up, so those of exact numbers must not cancel
  reduction('mean', { accepts: ([x]) => !x.exact || x.min >= 0, gradient: true }),
  reduction('max', { exact: passes, kink: true, gradient: true, nonfinite: true }),
  reduction('min', { exact: passes, kink: true, gradient: true, nonfinite: true }),
  reduction('prod', {
    accepts: ([x]) => x.size <= 24 && x.maxAbs <= 4,
    exact: ([x]) => ({ bound: Math.max(1, x.maxAbs) ** x.size, grain: x.grain * x.size }),
  }),
  reduction('any', { dtypes: ['bool'], exact: counts }),
  reduction('all', { dtypes: ['bool'], exact: counts }),
  reduction('logSumExp', { dtypes: ['float32'], accepts: moderate, gradient: true }),
  reduction('variance', {
    dtypes: ['float32'],
    run: (tf, [x], { axes, keepDims }) => tf.moments(x, axes, keepDims).variance,
    gradient: true,
  }),
  alongAxis('argMax', {
    dtypes: ['float32', 'int32'],
    run: (tf, [x], { axis }) => tf.argMax(x, axis),
    exact: counts,
    jump: true,
    nonfinite: true,
  }),
  alongAxis('argMin', {
    dtypes: ['float32', 'int32'],
    run: (tf, [x], { axis }) => tf.argMin(x, axis),
    exact: counts,
    jump: true,
    nonfinite: true,
  }),
  alongAxis('softmax', {
    last: true,
    run: (tf, [x]) => tf.softmax(x),
    // the gradient of a saturated one is all rounding, which noise on its input does not show
    accepts: ([x]) => x.maxAbs <= 2,
    gradient: true,
  }),
  alongAxis('logSoftmax', { last: true, run: (tf, [x]) => tf.logSoftmax(x), accepts: moderate, gradient: true }),
  alongAxis('cumsum', {
    dtypes: ['float32', 'int32'],
    extra: cumulative,
    // tfjs takes no axis counted from the end here: it makes a shape with holes of it
    run: (tf, [x], { axis, exclusive, reverse }) => tf.cumsum(x, (axis + x.rank) % x.rank, exclusive, reverse),
    exact: accumulates,
    gradient: true,
  }),
  alongAxis('topk', {
    dtypes: ['float32', 'int32'],
    last: true,
    extra: (random) => ({ take: random.pick(['values', 'indices']), count: random.int(1, 3) }),
    run: (tf, [x], { take, count }) => tf.topk(x, count)[take],
    accepts: ([x], { count }) => x.size > 0 && x.shape.at(-1) >= count,
    exact: passes,
    jump: true,
  }),
];
