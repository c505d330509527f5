import type { GradConfig } from '@tensorflow/tfjs-core';
import { AdvrobError } from '../errors.js';

/**
 * Kernels of tfjs that have no gradient, neither there nor here: complex numbers, strings, counts,
 * sparse and ragged tensors, gradients of gradients of pools, and what few networks need.
 */
export const undifferentiable: readonly string[] = [
  ...['Bincount', 'BitwiseAnd', 'BroadcastArgs', 'DenseBincount', 'Multinomial', 'SearchSorted', 'Unique'],
  ...['Complex', 'FFT', 'IFFT', 'Imag', 'Real'],
  ...['CropAndResize', 'Cumprod', 'Diag', 'Draw', 'RotateWithOffset', 'Transform', 'TensorScatterUpdate'],
  ...['FusedConv2D', 'FusedDepthwiseConv2D', '_FusedMatMul', 'MaxPoolWithArgmax'],
  ...['AvgPoolGrad', 'AvgPool3DGrad', 'MaxPoolGrad', 'MaxPool3DGrad', 'EluGrad', 'LRNGrad'],
  ...['ResizeBilinearGrad', 'ResizeNearestNeighborGrad', 'Conv3DBackpropFilterV2'],
  ...['DepthwiseConv2dNativeBackpropFilter', 'DepthwiseConv2dNativeBackpropInput'],
  ...['Dilation2DBackpropFilter', 'Dilation2DBackpropInput'],
  ...['NonMaxSuppressionV3', 'NonMaxSuppressionV4', 'NonMaxSuppressionV5'],
  ...['RaggedGather', 'RaggedRange', 'RaggedTensorToTensor'],
  ...['SparseFillEmptyRows', 'SparseReshape', 'SparseSegmentMean', 'SparseSegmentSum', 'SparseToDense'],
  ...['StaticRegexReplace', 'StringNGrams', 'StringSplit', 'StringToHashBucketFast'],
];

/** A gradient that says by its code that there is none, where tfjs throws an error without one. */
export const missingGradients: readonly GradConfig[] = undifferentiable.map((kernelName) => ({
  kernelName,
  gradFunc: () => {
    throw new AdvrobError(
      'ADVROB_GRADIENT_MISSING',
      `Cannot compute gradient: gradient function not found for ${kernelName}. Replace the op in the model, or use ` +
        `attacks that need scores or labels alone`,
    );
  },
}));
