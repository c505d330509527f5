import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, GradFunc, NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import { reducedTo } from './broadcast.js';
import { convolutionGradients, type ConvolutionAttributes } from './convolution.js';
import { depthwiseGradients } from './depthwise.js';
import type { KernelMend } from './registries.js';

interface FusedAttributes extends ConvolutionAttributes {
  readonly activation?: string;
}

/** What each result of a fused convolution was computed with. */
const attributesOf = new WeakMap<object, FusedAttributes>();

function remembered(kernelName: string): KernelMend {
  return {
    kernelName,
    mend: (registered) => (parameters) => {
      const result = registered(parameters) as Tensor;
      attributesOf.set(result.dataId, parameters.attrs as unknown as FusedAttributes);
      return result;
    },
  };
}

export const fusedKernels: readonly KernelMend[] = [remembered('FusedConv2D'), remembered('FusedDepthwiseConv2D')];

/** `tf.fused.conv2d(...)` with its name, as its gradient is looked up. */
type Saved = [filter: Tensor, x: Tensor, y: Tensor, bias?: Tensor];

function fused(scope: string, gradients: typeof convolutionGradients): GradConfig {
  return {
    kernelName: scope,
    gradFunc: ((dy: Tensor, [filter, x, y, bias]: Saved, _attributes: NamedAttrMap) => {
      const attributes = attributesOf.get(y.dataId);
      if (attributes === undefined) throw new Error(`${scope}: expected the result of a fused kernel`);
      const slope = tf.reshape(dy, y.shape);
      const isLinear = (attributes.activation ?? 'linear') === 'linear';
      const before = isLinear ? slope : tf.mul(slope, tf.step(y));
      const own = gradients(before, x, filter, attributes);
      return { 0: own.x, 1: own.filter, ...(bias !== undefined && { 2: () => reducedTo(before, bias.shape) }) };
    }) as unknown as GradFunc,
  };
}

/**
 * The fused convolutions of tfjs bring gradients of their own, which refuse dilations and forget the
 * rounding; they are looked up under the name of the scope that the op runs in.
 */
export const fusedGradients: readonly GradConfig[] = [
  fused('fusedConv2d__op', convolutionGradients),
  fused('fusedDepthwiseConv2d__op', depthwiseGradients),
];
