import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** What tfjs' convolutions and pools take for padding. */
export type Pad = 'same' | 'valid' | number | [number, number][];

/** Padding before and after, by spatial axis. */
export type Pads = readonly (readonly [before: number, after: number])[];

/** Where the windows of a convolution or a pool stand along one axis. */
export interface WindowAxis {
  readonly extent: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly outputs: number;
  /** Padding in front of the first row. */
  readonly before: number;
}

/** The rows that a window spans. */
export function span({ kernel, dilation }: WindowAxis): number {
  return (kernel - 1) * dilation + 1;
}

/** Rows of padding behind the last row that the last window reaches; below 0 where it ends inside. */
export function after(axis: WindowAxis): number {
  return (axis.outputs - 1) * axis.stride + span(axis) - axis.extent - axis.before;
}

/** Padding as `[[0, 0], [top, bottom], [left, right], [0, 0]]`, or with the channels in front. */
export function explicitPads(axes: readonly WindowAxis[], dataFormat = 'NHWC'): [number, number][] {
  const pads = axes.map((axis): [number, number] => [axis.before, Math.max(0, after(axis))]);
  return dataFormat === 'NCHW' ? [[0, 0], [0, 0], ...pads] : [[0, 0], ...pads, [0, 0]];
}

/** A number of rows on every side: tfjs takes the height's window and stride for the width's too. */
export function unambiguous(pad: Pad, dataFormat = 'NHWC'): Pad {
  if (typeof pad !== 'number') return pad;
  const sides: [number, number][] = [
    [pad, pad],
    [pad, pad],
  ];
  return dataFormat === 'NCHW' ? [[0, 0], [0, 0], ...sides] : [[0, 0], ...sides, [0, 0]];
}

type Info = ReturnType<typeof tf.backend_util.computeConv2DInfo>;
type VolumeInfo = ReturnType<typeof tf.backend_util.computeConv3DInfo>;

/** Rows and columns of what tfjs knows of a convolution or pool. */
export function axesOf(info: Info | VolumeInfo): [WindowAxis, WindowAxis] {
  return [
    {
      extent: info.inHeight,
      kernel: info.filterHeight,
      stride: info.strideHeight,
      dilation: info.dilationHeight,
      outputs: info.outHeight,
      before: info.padInfo.top,
    },
    {
      extent: info.inWidth,
      kernel: info.filterWidth,
      stride: info.strideWidth,
      dilation: info.dilationWidth,
      outputs: info.outWidth,
      before: info.padInfo.left,
    },
  ];
}

/** Depth, rows and columns of what tfjs knows of a convolution or pool of volumes. */
export function volumeAxesOf(info: VolumeInfo): [WindowAxis, WindowAxis, WindowAxis] {
  const depth = {
    extent: info.inDepth,
    kernel: info.filterDepth,
    stride: info.strideDepth,
    dilation: info.dilationDepth,
    outputs: info.outDepth,
    before: info.padInfo.front,
  };
  return [depth, ...axesOf(info)];
}

/** Zeros around the axes between the first and the last; a number below 0 cuts rows away. */
export function padOrCrop(x: Tensor, pads: Pads): Tensor {
  const all = [[0, 0] as const, ...pads, [0, 0] as const];
  const isCut = all.some(([before, behind]) => before < 0 || behind < 0);
  const begin = all.map(([before]) => Math.max(0, -before));
  const size = x.shape.map((extent, i) => extent + Math.min(0, all[i]![0]) + Math.min(0, all[i]![1]));
  const cut = isCut ? tf.slice(x, begin, size) : x;
  const isPadded = all.some(([before, behind]) => before > 0 || behind > 0);
  return isPadded
    ? tf.pad(
        cut,
        all.map(([before, behind]): [number, number] => [Math.max(0, before), Math.max(0, behind)]),
      )
    : cut;
}

/** The padding with which the windows of the gradient, turned around, see what they wrote to. */
export function gradientPads(axes: readonly WindowAxis[]): Pads {
  return axes.map((axis) => {
    const before = span(axis) - 1 - axis.before;
    const length = (axis.outputs - 1) * axis.stride + 1;
    return [before, axis.extent - length - before + span(axis) - 1];
  });
}
