import { dots } from './rules.mjs';

/** Mostly few channels; sometimes as many as the blocked layout needs (16), and numbers beside it. */
const channelCount = (random) => (random.chance(0.25) ? random.pick([8, 15, 16, 17, 32]) : random.int(1, 4));

const isImage = ({ shape, dtype, size }) =>
  shape.length === 4 && dtype === 'float32' && size > 0 && shape[1] * shape[2] <= 100;

/** An existing image batch [n, h, w, c] or a new one. */
export const drawImages = (draft) =>
  draft.input(isImage, () => {
    const { random } = draft;
    return draft.leaf([random.int(1, 3), random.int(1, 8), random.int(1, 8), channelCount(random)], 'float32', {
      range: [-2, 2],
    });
  });

const drawPadding = (random) =>
  random.pick([
    'same',
    'valid',
    'same',
    'valid',
    0,
    1,
    2,
    [
      [0, 0],
      [random.int(0, 2), random.int(0, 2)],
      [random.int(0, 1), random.int(0, 2)],
      [0, 0],
    ],
  ]);

/** Strides, padding, dilation and rounding of one window op; tfjs takes only one of stride and dilation above 1. */
export function drawWindow(draft) {
  const { random, traits } = draft;
  const dilation = !traits.gradient && random.chance(0.2) ? [random.int(1, 2), random.int(1, 2)] : 1;
  const stride = dilation === 1 ? random.pick([1, 1, 2, [1, 2], 3]) : 1;
  const padding = drawPadding(random);
  const rounding =
    typeof padding === 'number' && random.chance(0.3) ? random.pick(['floor', 'ceil', 'round']) : undefined;
  return { stride, padding, dilation, rounding };
}

const filterLeaf = (draft, shape) => draft.leaf(shape, 'float32', { range: [-1, 1] });
const taps = ([, filter]) => filter.shape[0] * filter.shape[1];

const conv2d = {
  name: 'conv2d',
  draw: (draft) => {
    const { random } = draft;
    const x = drawImages(draft);
    const filter = filterLeaf(draft, [
      random.int(1, 3),
      random.int(1, 3),
      draft.metas[x].shape[3],
      channelCount(random),
    ]);
    return { inputs: [x, filter], attrs: drawWindow(draft) };
  },
  run: (tf, [x, filter], { stride, padding, dilation, rounding }) =>
    tf.conv2d(x, filter, stride, padding, 'NHWC', dilation, rounding),
  exact: dots((metas) => taps(metas) * metas[1].shape[2]),
  gradient: true,
};

const activations = ['linear', 'relu', 'relu6', 'elu', 'leakyrelu', 'sigmoid', 'prelu'];

const bound = ([x, filter, bias]) => taps([x, filter]) * filter.shape[2] * x.maxAbs * filter.maxAbs + bias.maxAbs;

const fusedConv2d = {
  name: 'fusedConv2d',
  draw: (draft) => {
    const drawn = conv2d.draw(draft);
    const channels = draft.metas[drawn.inputs[1]].shape[3];
    const activation = draft.random.pick(activations);
    const inputs = [...drawn.inputs, draft.leaf([channels])];
    if (activation === 'prelu') inputs.push(filterLeaf(draft, [1, 1, channels]));
    return { inputs, attrs: { ...drawn.attrs, activation } };
  },
  run: (
    tf,
    [x, filter, bias, preluActivationWeights],
    { stride: strides, padding: pad, dilation: dilations, rounding: dimRoundingMode, activation },
  ) =>
    tf.fused.conv2d({
      x,
      filter,
      strides,
      pad,
      dilations,
      dimRoundingMode,
      bias,
      activation,
      preluActivationWeights,
      leakyreluAlpha: 0.25,
    }),
  accepts: (metas, { activation }) => activation !== 'sigmoid' || bound(metas) <= 4,
  kink: true,
  gradient: true,
};

const depthwise = {
  name: 'depthwiseConv2d',
  draw: (draft) => {
    const { random } = draft;
    const x = drawImages(draft);
    const filter = filterLeaf(draft, [random.int(1, 3), random.int(1, 3), draft.metas[x].shape[3], random.int(1, 2)]);
    const { stride, padding, dilation, rounding } = drawWindow(draft);
    return { inputs: [x, filter], attrs: { stride: Array.isArray(stride) ? 2 : stride, padding, dilation, rounding } };
  },
  run: (tf, [x, filter], { stride, padding, dilation, rounding }) =>
    tf.depthwiseConv2d(x, filter, stride, padding, 'NHWC', dilation, rounding),
  exact: dots(taps),
  gradient: true,
};

const transposed = {
  name: 'conv2dTranspose',
  draw: (draft) => {
    const { random } = draft;
    const x = drawImages(draft);
    const [batch, height, width, channels] = draft.metas[x].shape;
    const [stride, rows, columns, padding] = [
      random.int(1, 2),
      random.int(1, 3),
      random.int(1, 3),
      random.pick(['same', 'valid']),
    ];
    const filter = filterLeaf(draft, [rows, columns, channelCount(random), channels]);
    const grown = (size, field) => (padding === 'same' ? size * stride : (size - 1) * stride + field);
    const shape = [batch, grown(height, rows), grown(width, columns), draft.metas[filter].shape[2]];
    return { inputs: [x, filter], attrs: { stride, padding, shape } };
  },
  run: (tf, [x, filter], { stride, padding, shape }) => tf.conv2dTranspose(x, filter, shape, stride, padding),
  exact: dots((metas) => taps(metas) * metas[1].shape[3]),
  gradient: true,
};

export const convolutionOps = [conv2d, conv2d, fusedConv2d, depthwise, transposed];
