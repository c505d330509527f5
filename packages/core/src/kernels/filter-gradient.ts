import {
  backend_util,
  getKernel,
  registerKernel,
  type Conv2DBackpropFilterAttrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { kernelsOf, type Kernels } from './run.js';

const kernelName = 'Conv2DBackpropFilter';
type Four = [number, number, number, number];

/**
 * Gives a backend the gradient of a convolution in its filter, without which no conv net can be
 * trained, where it lacks the kernel: the wasm backend does. It is a convolution too: of the images
 * with the gradient of the outputs as filter, examples taken for channels and channels for
 * examples, the stride taken for a dilation.
 */
export function provideFilterGradient(backendName: string): void {
  if (getKernel(kernelName, backendName) !== undefined) return;
  registerKernel({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) =>
      filterGradient(
        inputs['x']!,
        inputs['dy']!,
        attrs as unknown as Conv2DBackpropFilterAttrs,
        kernelsOf(backendName, backend),
      ),
  });
}

function filterGradient(
  x: TensorInfo,
  dy: TensorInfo,
  { strides, pad, dimRoundingMode, dataFormat, filterShape }: Conv2DBackpropFilterAttrs,
  { run, free }: Kernels,
): TensorInfo {
  if (dataFormat !== 'NHWC') throw new Error(`${kernelName}: expected images as NHWC, got ${dataFormat}`);
  const info = backend_util.computeConv2DInfo(x.shape as Four, filterShape, strides, 1, pad, dimRoundingMode);
  const { top, left } = info.padInfo;
  const rows = reach(info.inHeight, top, info.outHeight, info.strideHeight, info.filterHeight);
  const columns = reach(info.inWidth, left, info.outWidth, info.strideWidth, info.filterWidth);
  // A filter that sees nothing but padding.
  if (rows.used < 1 || columns.used < 1) return run('Fill', {}, { shape: filterShape, value: 0, dtype: 'float32' });

  const size = [info.batchSize, rows.used, columns.used, info.inChannels];
  const seen = run('Slice', { x }, { begin: [0, 0, 0, 0], size });
  const images = run('Transpose', { x: seen }, { perm: [3, 1, 2, 0] });
  const filter = run('Transpose', { x: dy }, { perm: [1, 2, 0, 3] });
  const convolved = run(
    'Conv2D',
    { x: images, filter },
    {
      strides: 1,
      dilations: [info.strideHeight, info.strideWidth],
      pad: [
        [0, 0],
        [top, rows.after],
        [left, columns.after],
        [0, 0],
      ] as unknown as number[],
      dataFormat: 'NHWC',
    },
  );
  const gradient = run('Transpose', { x: convolved }, { perm: [1, 2, 0, 3] });
  free(seen, images, filter, convolved);
  return gradient;
}

/**
 * How many rows of an image the filter reaches, and how many of padding it needs behind them: with
 * a stride, the last rows may be out of reach.
 */
function reach(
  extent: number,
  before: number,
  outputs: number,
  stride: number,
  window: number,
): { used: number; after: number } {
  const after = (outputs - 1) * stride + window - before - extent;
  return { used: Math.min(extent, extent + after), after: Math.max(after, 0) };
}
