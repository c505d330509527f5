const shares =
  'a maximum that several values reach has all of its gradient at each of them: a sum of slopes that is too large';
const integers = 'a quotient of whole numbers, which is rounded, has the slope of one that is not';

const nan = 'compilers of shaders may assume that there is no NaN: it comes out of this op as a number';
const sine = "the precision of the driver's sine";
const ofGpu = [
  ...[
    'debug off subject {} no errors where there are nans',
    'acosh subject {} propagates NaNs',
    'acosh subject {} NaN outside function domain',
    'pow subject {} negative base and fract exponent NaN',
    'asinh subject {} propagates NaNs',
    'atanh subject {} propagates NaNs',
    'atanh subject {} NaN outside function domain',
    'log subject {} log propagates NaNs',
    'log subject {} negtive values',
    'logLoss subject {} 1D - Check for negative values',
    'relu subject {} propagates NaNs, float32',
    'sigmoid subject {} propagates NaNs',
    'softmax subject {} Propagates NaNs',
  ].map((spec) => ({ spec, reason: nan })),
  ...[
    'cos subject {} gradients: Scalar',
    'cos subject {} gradient with clones',
    'tan subject {} numbers exceed float32 precision',
    'tan subject {} gradients: Tensor2D',
  ].map((spec) => ({ spec, reason: sine })),
];

/**
 * Specs that are not run, each with its reason: `spec` is the beginning of the full name, `modes` the modes it concerns (all when left out).
 * An excluded spec counts as failed. These assert what tfjs' own gradients give, where that is wrong or missing; ours are held to central
 * differences in `test/ops.test.ts`.
 */
export const exclusions = [
  {
    spec: 'avgPool subject {} gradient x=[3,3,1] f=[3,3] s=1 p=explicit',
    reason: 'divides by pixels outside of the image',
  },
  { spec: 'mirrorPad subject {} grad', reason: 'forgets the pixels that the mirror shows' },
  ...['max', 'min'].flatMap((name) =>
    [
      '1D, ties',
      'ties, 2D, axes=-1, keepDims=false',
      'ties, 3D, axes=[1, 2], keepDims=false',
      'ties, 4D, axes=[1, 2, 3], keepDims=false',
      'ties, 4D, axes=[2, 3], keepDims=true',
    ].map((spec) => ({ spec: `${name} subject {} ${name} gradient: ${spec}`, reason: shares })),
  ),
  { spec: 'div subject {} gradient: Tensor1D with int32', reason: integers },
  { spec: 'div subject {} gradient: 1d<int32> with 1d<bool>', reason: integers },
  {
    spec: 'depthwiseConv2d gradients subject {} throws error on dilations > 1',
    reason: 'refuses dilations, which have gradients here',
  },
  {
    spec: 'gradients subject {} errors if relevant ops are missing grads',
    reason: 'asks for no gradient of a logical op, which is 0 here',
  },
  ...ofGpu.map((exclusion) => ({ ...exclusion, modes: ['webgpu'] })),
];
