import { drawImages, drawWindow } from './convolutions.mjs';
import { dots, passes } from './rules.mjs';

const isMatrix = ({ shape, dtype, size }) => dtype === 'float32' && shape.length >= 2 && shape.length <= 4 && size > 0;

/** Two matrices (or stacks of them, the second perhaps broadcast) that can be multiplied, transposed or not. */
function drawMatrices(draft) {
  const { random } = draft;
  const a = draft.input(isMatrix, () => draft.leaf(draft.shape(2, 3).map((size) => Math.max(1, size))));
  const { shape } = draft.metas[a];
  const [transposeA, transposeB] = [random.chance(0.3), random.chance(0.3)];
  const inner = shape.at(transposeA ? -2 : -1);
  const outer = random.chance(0.15) ? 33 : random.int(1, 5);
  const stack = random.chance(0.3) ? shape.slice(0, -2).map(() => 1) : shape.slice(0, -2);
  const b = draft.leaf([...(random.chance(0.3) ? [] : stack), ...(transposeB ? [outer, inner] : [inner, outer])]);
  return { inputs: [a, b], attrs: { transposeA, transposeB }, outer };
}

const innerSize = ([a], { transposeA }) => a.shape.at(transposeA ? -2 : -1);

const matMul = {
  name: 'matMul',
  draw: (draft) => {
    const { inputs, attrs } = drawMatrices(draft);
    return { inputs, attrs };
  },
  run: (tf, [a, b], { transposeA, transposeB }) => tf.matMul(a, b, transposeA, transposeB),
  exact: dots(innerSize),
  gradient: true,
};

const fusedMatMul = {
  name: 'fusedMatMul',
  draw: (draft) => {
    const { inputs, attrs, outer } = drawMatrices(draft);
    return {
      inputs: [...inputs, draft.leaf([outer])],
      attrs: { ...attrs, activation: draft.random.pick(['linear', 'relu', 'relu6', 'elu', 'sigmoid']) },
    };
  },
  run: (tf, [a, b, bias], attrs) => tf.fused.matMul({ a, b, bias, ...attrs }),
  // a saturated sigmoid's gradient is all rounding, and no noise reaches between the product and the sigmoid
  accepts: ([a, b, bias], attrs) =>
    attrs.activation !== 'sigmoid' || innerSize([a], attrs) * a.maxAbs * b.maxAbs + bias.maxAbs <= 4,
  kink: true,
  gradient: true,
};

const pooling = (name, traits) => ({
  name,
  draw: (draft) => {
    const { stride, padding, rounding } = drawWindow(draft);
    return {
      inputs: [drawImages(draft)],
      attrs: { window: [draft.random.int(1, 3), draft.random.int(1, 3)], stride, padding, rounding },
    };
  },
  run: (tf, [x], { window, stride, padding, rounding }) => tf[name](x, window, stride, padding, rounding),
  gradient: true,
  ...traits,
});

const batchNorm = {
  name: 'batchNorm',
  draw: (draft) => {
    const { random } = draft;
    const fits = ({ shape, dtype, size, maxAbs }) =>
      shape.length >= 2 && shape.length <= 4 && dtype === 'float32' && size > 0 && maxAbs < 1000;
    const x = draft.input(fits, () => draft.leaf(draft.shape(2, 4).map((size) => Math.max(1, size))));
    const parameter = (range) => draft.leaf([draft.metas[x].shape.at(-1)], 'float32', { range });
    return {
      inputs: [x, parameter([-1, 1]), parameter([0.5, 3]), parameter([-1, 1]), parameter([-2, 2])],
      attrs: { epsilon: random.pick([1e-3, 1e-5, 0.1]) },
    };
  },
  run: (tf, [x, mean, variance, offset, scale], { epsilon }) => tf.batchNorm(x, mean, variance, offset, scale, epsilon),
  accepts: ([x, , variance]) => x.maxAbs < 1000 && variance.min >= 0.4,
  gradient: true,
};

/** Batch normalisation with the batch's own statistics, as models are trained. */
const trainedBatchNorm = {
  ...batchNorm,
  name: 'trainedBatchNorm',
  run: (tf, [x, , , offset, scale], { epsilon }) => {
    const axes = x.shape.map((_, i) => i).slice(0, -1);
    const { mean, variance } = tf.moments(x, axes);
    return tf.batchNorm(x, mean, variance, offset, scale, Math.max(epsilon, 1e-3));
  },
};

const resize = (name, traits) => ({
  name,
  draw: (draft) => ({
    inputs: [drawImages(draft)],
    attrs: {
      size: [draft.random.int(1, 9), draft.random.int(1, 9)],
      mode: draft.random.pick([
        [false, false],
        [true, false],
        [false, true],
      ]),
    },
  }),
  run: (tf, [x], { size, mode }) => tf.image[name](x, size, ...mode),
  gradient: true,
  ...traits,
});

const localResponse = {
  name: 'localResponseNormalization',
  draw: (draft) => ({ inputs: [drawImages(draft)], attrs: { radius: draft.random.int(1, 3) } }),
  run: (tf, [x], { radius }) => tf.localResponseNormalization(x, radius, 1, 0.5, 0.5),
  accepts: ([x]) => x.maxAbs < 100,
  gradient: true,
};

const crossEntropy = {
  name: 'softmaxCrossEntropy',
  draw: (draft) => {
    const logits = draft.input(
      ({ shape, dtype, maxAbs, size }) => shape.length === 2 && dtype === 'float32' && maxAbs <= 30 && size > 0,
      () => draft.leaf([draft.random.int(1, 5), draft.random.int(1, 6)]),
    );
    const [rows, classes] = draft.metas[logits].shape;
    return { inputs: [draft.leaf([rows], 'int32', { range: [0, classes - 1] }), logits], attrs: { classes } };
  },
  run: (tf, [labels, logits], { classes }) => tf.losses.softmaxCrossEntropy(tf.oneHot(labels, classes), logits),
  accepts: ([, logits]) => logits.maxAbs <= 30,
  gradient: true,
};

export const networkOps = [
  matMul,
  matMul,
  fusedMatMul,
  pooling('maxPool', { exact: passes, kink: true }),
  pooling('avgPool', {}),
  batchNorm,
  trainedBatchNorm,
  resize('resizeBilinear', {}),
  resize('resizeNearestNeighbor', {
    exact: passes,
    // the gradient on cpu mixes the images of a batch, and never ends for a side of 1 whose corners are aligned
    accepts: ([x], { mode }) => x.shape[0] === 1 && (!mode[0] || (x.shape[1] > 1 && x.shape[2] > 1)),
  }),
  localResponse,
  crossEntropy,
];
