import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

/** An elementwise function that is not linear. */
export type Activation =
  | { readonly kind: 'relu' | 'abs' | 'sigmoid' | 'tanh' | 'elu' | 'softplus' }
  /** `slope` z for z < 0, with 0 <= slope < 1. */
  | { readonly kind: 'leakyRelu'; readonly slope: number }
  /** Cut to [min, max], of which one may be infinite. */
  | { readonly kind: 'clip'; readonly min: number; readonly max: number };

/** Zeros, or what never wins, around an image: rows above and below, columns left and right. */
export type Pads = readonly [top: number, bottom: number, left: number, right: number];

export interface Window {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pads: Pads;
}

/** What a node computes; axes and shapes leave the batch out. */
export type Operation =
  | { readonly op: 'input' }
  /** x W + b for x [inputs] and W [inputs, outputs]. */
  | { readonly op: 'dense'; readonly kernel: Tensor2D; readonly bias?: Tensor1D }
  /**
   * Channels last; filter [h, w, in, out]. Groups, one per channel too, are zeros in the filter, as
   * are the gaps of a dilation.
   */
  | {
      readonly op: 'conv2d';
      readonly filter: Tensor4D;
      readonly bias?: Tensor1D;
      readonly strides: readonly [number, number];
      readonly pads: Pads;
    }
  /** x scale + shift, each of the rank of x with sides of 1 where it repeats. */
  | { readonly op: 'affine'; readonly scale?: Tensor; readonly shift?: Tensor }
  | { readonly op: 'activation'; readonly activation: Activation }
  | ({ readonly op: 'maxPool' } & Window)
  /** Divides by the number of values of a window, pads left out. */
  | ({ readonly op: 'avgPool' } & Window)
  /** The sum of its inputs, each with its sign. */
  | { readonly op: 'add'; readonly signs: readonly (1 | -1)[] }
  | { readonly op: 'concat'; readonly axis: number }
  | { readonly op: 'reshape' }
  | { readonly op: 'transpose'; readonly perm: readonly number[] }
  | { readonly op: 'pad'; readonly paddings: readonly (readonly [number, number])[]; readonly value: number }
  | { readonly op: 'slice'; readonly begin: readonly number[] }
  /** The sum over axes, which are gone, times `factor`. */
  | { readonly op: 'sum'; readonly axes: readonly number[]; readonly factor: number };

/** One node of a {@link LayerGraph}. */
export type LayerNode = Operation & {
  /** Its place in the list of nodes; inputs come before. */
  readonly id: number;
  readonly inputs: readonly number[];
  /** Of its value, without the batch. */
  readonly shape: readonly number[];
  /** What it was made from, for messages. */
  readonly name: string;
};

/** A classifier as layers with weights, in eval mode, with channels last. */
export interface LayerGraph {
  readonly inputShape: readonly number[];
  readonly numClasses: number;
  readonly bounds: readonly [number, number];
  /** In an order in which each can be computed; the first is the input, the last gives the logits. */
  readonly nodes: readonly LayerNode[];
  /** Frees the weights, which are copies of the model's at the time. */
  dispose(): void;
}
