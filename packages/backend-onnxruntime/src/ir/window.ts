import type { Attributes, Node } from './value.js';

/** Window of a convolution or pool over NHWC: everything an op needs besides its arrays' shapes. */
export interface Window {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Top, left, bottom, right: explicit, since tfjs' 'same' with stride 2 is not symmetric. */
  readonly pads: readonly [number, number, number, number];
}

export function windowOf(node: Node): Window {
  return node.attributes as unknown as Window;
}

export function windowAttributes(window: Window): Attributes {
  const { kernel, strides, dilations, pads } = window;
  return { kernel, strides, dilations, pads };
}

/** ONNX' names for the same. */
export function onnxWindow(window: Window): {
  kernel_shape: readonly number[];
  strides: readonly number[];
  dilations: readonly number[];
  pads: readonly number[];
} {
  return {
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    pads: window.pads,
  };
}
