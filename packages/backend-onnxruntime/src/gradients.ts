// First, so that tfjs' engine and flags are those of the peer, not of the part that is bundled here
// for the gradients.
import { div, fill, mul, registerGradient, reshape, util, type Tensor } from '@tensorflow/tfjs-core';
// Inlined by the build, so that this package needs none of advrob: tfjs' gradients, and right ones
// where these are wrong or missing.
import '@advrob/core/gradients';

// tfjs' own gradients of sums and means write arrays of ones as large as what was summed, only to
// be collected at once.

/**
 * `dy` repeated over the axes that were summed; recording a constant where tfjs itself fills an
 * array with ones.
 */
function spread(dy: Tensor, x: Tensor, axis: number | number[]): Tensor {
  const shape = x.shape.slice();
  for (const reduced of util.parseAxisParam(axis, x.shape)) shape[reduced] = 1;
  return mul(reshape(dy, shape), fill(x.shape, 1, 'float32'));
}

const axisOf = (attributes: object): number | number[] => (attributes as { axis: number | number[] }).axis;

registerGradient({
  kernelName: 'Sum',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attributes) => {
    const gradient = spread(dy as Tensor, x!, axisOf(attributes));
    return { x: () => gradient };
  },
});

registerGradient({
  kernelName: 'Mean',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attributes) => ({
    x: () => div(spread(dy as Tensor, x!, axisOf(attributes)), x!.size / (dy as Tensor).size),
  }),
});
