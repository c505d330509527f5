import { counts, multiplies, passes, sums } from './rules.mjs';

const within =
  (limit) =>
  ([x]) =>
    x.maxAbs <= limit;
const above =
  (limit) =>
  ([x]) =>
    x.size === 0 || x.min > limit;

/** One float input; `range` is that of new inputs, `accepts` that of existing ones. */
function unary(name, { range, call = (tf, [x]) => tf[name](x), ...traits } = {}) {
  return {
    name,
    draw: (draft) => {
      const fits = (meta) => meta.dtype === 'float32' && (traits.accepts?.([meta]) ?? true);
      return { inputs: [draft.input(fits, () => draft.leaf(draft.shape(), 'float32', { range }))], attrs: {} };
    },
    run: call,
    ...traits,
  };
}

const exactUnaries = [
  unary('relu', { exact: passes, kink: true, gradient: true, nonfinite: true }),
  unary('relu6', { exact: passes, kink: true, gradient: true }),
  unary('abs', { exact: passes, kink: true, gradient: true, nonfinite: true }),
  unary('neg', { exact: passes, gradient: true, nonfinite: true }),
  unary('square', { exact: ([x]) => multiplies([x, x]), gradient: true, nonfinite: true }),
  unary('sign', { exact: counts, jump: true, gradient: true, nonfinite: true }),
  unary('step', { exact: counts, jump: true, gradient: true, nonfinite: true }),
  unary('floor', { exact: passes, jump: true, gradient: true, nonfinite: true }),
  unary('ceil', { exact: passes, jump: true, gradient: true, nonfinite: true }),
  unary('round', { exact: passes, jump: true, gradient: true, nonfinite: true }),
  unary('isNaN', { exact: counts, nonfinite: true }),
  unary('isInf', { exact: counts, nonfinite: true }),
  unary('isFinite', { exact: counts, nonfinite: true }),
  unary('zerosLike', { exact: counts, gradient: true, nonfinite: true }),
  unary('onesLike', { exact: counts, gradient: true, nonfinite: true }),
  unary('clone', { exact: passes, gradient: true, nonfinite: true }),
];

const smoothUnaries = [
  unary('exp', { range: [-4, 4], accepts: within(8), gradient: true, nonfinite: true }),
  unary('expm1', { range: [-4, 4], accepts: within(8), gradient: true }),
  unary('log', { range: [0.5, 6], accepts: above(0.1), gradient: true }),
  unary('log1p', { range: [-0.5, 6], accepts: above(-0.7), gradient: true }),
  unary('sqrt', { range: [0.5, 6], accepts: above(0.1), gradient: true, nonfinite: true }),
  unary('rsqrt', { range: [0.5, 6], accepts: above(0.1), gradient: true }),
  unary('reciprocal', { range: [0.5, 4], accepts: ([x]) => x.minAbs > 0.3, gradient: true }),
  // their gradients are made of the rounded result: where it is near 1, that rounding is all there is
  unary('sigmoid', {
    range: [-30, 4],
    accepts: ([x]) => x.maxAbs <= 30 && x.max <= 4,
    gradient: true,
    nonfinite: true,
  }),
  unary('tanh', { range: [-2, 2], accepts: within(2), gradient: true, nonfinite: true }),
  unary('softplus', { accepts: within(20), gradient: true }),
  unary('elu', { accepts: within(20), kink: true, gradient: true }),
  unary('selu', { accepts: within(20), kink: true, gradient: true }),
  unary('erf', { accepts: within(20), gradient: true }),
  unary('sin', { accepts: within(20), gradient: true }),
  unary('cos', { accepts: within(20), gradient: true }),
  unary('tan', { range: [-1, 1], accepts: within(1.2), gradient: true }),
  unary('asin', { range: [-0.8, 0.8], accepts: within(0.9), gradient: true }),
  unary('acos', { range: [-0.8, 0.8], accepts: within(0.9), gradient: true }),
  unary('atan', { accepts: within(100), gradient: true }),
  unary('sinh', { accepts: within(6), gradient: true }),
  unary('cosh', { accepts: within(6), gradient: true }),
  unary('asinh', { accepts: within(100), gradient: true }),
  unary('acosh', { range: [1.5, 6], accepts: above(1.2), gradient: true }),
  unary('atanh', { range: [-0.8, 0.8], accepts: within(0.9), gradient: true }),
];

const withNumber = (op, attribute, draw) => ({
  ...op,
  draw: (draft) => {
    const drawn = op.draw(draft);
    return { ...drawn, attrs: { [attribute]: draw(draft.random) } };
  },
});

const parametrised = [
  withNumber(
    unary('leakyRelu', {
      call: (tf, [x], { alpha }) => tf.leakyRelu(x, alpha),
      exact: ([x]) => ({ bound: x.maxAbs, grain: x.grain + 3 }),
      kink: true,
      gradient: true,
      nonfinite: true,
    }),
    'alpha',
    (random) => random.pick([0.5, 0.25, 0.125]),
  ),
  withNumber(
    unary('stepAlpha', {
      call: (tf, [x], { alpha }) => tf.step(x, alpha),
      jump: true,
      gradient: true,
      nonfinite: true,
    }),
    'alpha',
    (random) => random.pick([0.25, 0.1, -1]),
  ),
  withNumber(
    unary('clipByValue', {
      call: (tf, [x], { bounds }) => tf.clipByValue(x, ...bounds),
      exact: ([x]) => ({ bound: Math.max(x.maxAbs, 3), grain: Math.max(x.grain, 1) }),
      kink: true,
      gradient: true,
      nonfinite: true,
    }),
    'bounds',
    (random) => [random.pick([-3, -1, 0]), random.pick([0.5, 1, 2.5])],
  ),
  withNumber(
    unary('addScalar', {
      call: (tf, [x], { value }) => tf.add(x, value),
      exact: (m) => ({ ...sums([...m, { maxAbs: 3, grain: 1 }]) }),
      gradient: true,
      nonfinite: true,
    }),
    'value',
    (random) => random.pick([0, 0, 1, -2.5, 3]),
  ),
  withNumber(
    unary('mulScalar', {
      call: (tf, [x], { value }) => tf.mul(x, value),
      exact: (m) => multiplies([...m, { maxAbs: 2, grain: 1 }]),
      gradient: true,
      nonfinite: true,
    }),
    'value',
    (random) => random.pick([0, 1, 1, -1, 0.5, 2]),
  ),
];

const cast = {
  name: 'cast',
  draw: (draft) => ({
    inputs: [
      draft.input(
        () => true,
        () => draft.leaf(draft.shape()),
      ),
    ],
    attrs: { dtype: draft.random.pick(['float32', 'int32', 'bool', 'float32']) },
  }),
  run: (tf, [x], { dtype }) => tf.cast(x, dtype),
  exact: passes,
  jump: true,
  gradient: true,
};

export const elementwiseOps = [...exactUnaries, ...smoothUnaries, ...parametrised, cast];
