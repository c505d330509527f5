import type { Value } from '../../ir/value.js';
import { windowOf, type Window } from '../../ir/window.js';
import { blockedDomain } from '../../onnx/builder.js';
import { defineLowering } from '../define.js';
import type { Lowering } from '../lowering.js';
import {
  channelsFirstFilter,
  plainFilter,
  turnedBlockedFilter,
  turnedBlockedTaps,
  withSideColumns,
} from './operands.js';
import { suitsTiles, tiledConvolution } from './tiled.js';

/**
 * The gradient of a convolution with respect to its input. With full blocks and stride 1 it is a
 * convolution of the output gradient with the turned filter, on small maps by tiles; with other
 * strides several. Else it is a transposed convolution, which for a first layer with few channels
 * is faster too.
 */
defineLowering(
  'Conv2DInputGradient',
  (lowering, value, node) => {
    const [dy, filter] = node.inputs as [Value, Value];
    const { graph, blockSize: block } = lowering;
    const { kernel, strides, dilations, pads } = windowOf(node);
    const [inputs, outputs] = [value.shape[3]!, dy.shape[3]!];
    const turnedPads = turnedPadsOf(windowOf(node), value, dy);
    if (suitsTiles(lowering, windowOf(node), dy, filter)) {
      lowering.provide(value, 'tfjs', graph.reshape(tiledConvolution(lowering, dy, filter, true), value.shape));
      return;
    }
    const isUnitStride = strides[0] === 1 && strides[1] === 1;
    const hasBlocks = block > 0 && inputs % block === 0 && outputs % block === 0;
    if (isUnitStride && hasBlocks && turnedPads.every((pad) => pad >= 0)) {
      const input = withSideColumns(lowering, dy, kernel, turnedPads);
      const name = graph.emit(
        'Conv',
        [input.name, turnedBlockedFilter(lowering, filter)],
        { kernel_shape: kernel, strides: [1, 1], dilations, pads: input.pads },
        blockedDomain,
      );
      lowering.provide(value, 'blocked', name);
      return;
    }
    const phased = isUnitStride
      ? null
      : phasedInputGradient(lowering, value, windowOf(node), (taps, size) =>
          turnedBlockedTaps(lowering, filter, taps, size),
        );
    if (phased !== null) {
      lowering.provide(value, 'blocked', phased);
      return;
    }
    const name = graph.emit(
      'ConvTranspose',
      [lowering.form(dy, 'channelsFirst'), channelsFirstFilter(lowering, plainFilter(lowering, filter))],
      {
        kernel_shape: kernel,
        strides,
        dilations,
        pads,
        output_padding: outputPaddingOf(windowOf(node), value, dy),
      },
    );
    lowering.provide(value, 'channelsFirst', name);
  },
  'applies',
);

type Pads = readonly [top: number, left: number, bottom: number, right: number];

/** The padding with which windows of stride 1, turned, see the outputs that they wrote to. */
export function turnedPadsOf({ kernel, dilations, pads }: Window, value: Value, dy: Value): Pads {
  const [top, left] = [0, 1].map((axis) => (kernel[axis]! - 1) * dilations[axis]! - pads[axis]!) as [number, number];
  const [bottom, right] = [0, 1].map((axis) => value.shape[axis + 1]! + pads[axis]! - dy.shape[axis + 1]!) as [
    number,
    number,
  ];
  return [top, left, bottom, right];
}

/** By ONNX: size = (out - 1) * stride + output_padding + (kernel - 1) * dilation + 1 - pads. */
export function outputPaddingOf(
  { kernel, strides, dilations, pads }: Window,
  value: Value,
  dy: Value,
): readonly number[] {
  return [0, 1].map((axis) => {
    const reach = (kernel[axis]! - 1) * dilations[axis]! + 1;
    const covered = (dy.shape[axis + 1]! - 1) * strides[axis]! + reach - pads[axis]! - pads[axis + 2]!;
    return value.shape[axis + 1]! - covered;
  });
}

/**
 * Along one axis: every `stride`-th element of the input gradient is a convolution of the output
 * gradient with some of the taps.
 */
interface Phase {
  /** In the order of the output gradient's elements that they meet. */
  readonly taps: readonly number[];
  readonly before: number;
  readonly after: number;
}

/**
 * The input gradient of a convolution with strides, without the zeros that a transposed convolution
 * works on: one blocked convolution per phase of the strides, whose results are interleaved. Two
 * thirds of the time of ONNX Runtime's `ConvTranspose`, and less on small maps. `turned` gives the
 * blocked filter of some taps, as of the input gradient. Returns the blocked name, or null where
 * channels fill no blocks, phases differ in size or one has no taps.
 */
export function phasedInputGradient(
  lowering: Lowering,
  value: Value,
  { kernel, strides, dilations, pads }: Window,
  turned: (taps: readonly number[], size: readonly [number, number]) => string,
  group = 1,
): string | null {
  const dy = value.node!.inputs[0]!;
  if (!lowering.canBlock(value) || !lowering.canBlock(dy) || dilations.some((dilation) => dilation !== 1)) return null;
  const [rows, columns] = [0, 1].map((axis) =>
    phasesOf(kernel[axis]!, strides[axis]!, pads[axis]!, value.shape[axis + 1]!, dy.shape[axis + 1]!),
  );
  if (!rows || !columns) return null;
  const { graph, blockSize: block } = lowering;
  const [n, height, width, channels] = value.shape as [number, number, number, number];
  const [phaseHeight, phaseWidth] = [height / strides[0], width / strides[1]];
  const bands = (n * channels * phaseHeight) / block;
  const gradient = lowering.form(dy, 'blocked');
  const lines = rows.map((row) => {
    const parts = columns.map((column) => {
      const taps = row.taps.flatMap((r) => column.taps.map((c) => r * kernel[1] + c));
      const size = [row.taps.length, column.taps.length] as const;
      const attributes = {
        kernel_shape: size,
        strides: [1, 1],
        dilations: [1, 1],
        pads: [row.before, column.before, row.after, column.after],
        group,
      };
      const part = graph.emit('Conv', [gradient, turned(taps, size)], attributes, blockedDomain);
      return graph.reshape(part, [bands * phaseWidth, block]);
    });
    return graph.reshape(joined(lowering, parts), [bands, width * block]);
  });
  return graph.reshape(joined(lowering, lines), [n, channels, height, width]);
}

function joined(lowering: Lowering, parts: readonly string[]): string {
  return parts.length === 1 ? parts[0]! : lowering.graph.emit('Concat', parts, { axis: 1 });
}

/** Element j of the input meets tap r at element (j + pad - r) / stride of the output. */
function phasesOf(kernel: number, stride: number, pad: number, extent: number, outExtent: number): Phase[] | null {
  if (extent % stride !== 0) return null;
  const phases: Phase[] = [];
  for (let phase = 0; phase < stride; phase++) {
    const taps: number[] = [];
    for (let tap = kernel - 1; tap >= 0; tap--) if ((phase + pad - tap) % stride === 0) taps.push(tap);
    if (taps.length === 0) return null;
    const [least, most] = [taps[0]!, taps[taps.length - 1]!].map((tap) => (phase + pad - tap) / stride) as [
      number,
      number,
    ];
    const after = extent / stride - 1 + most - (outExtent - 1);
    if (least > 0 || after < 0) return null;
    phases.push({ taps, before: -least, after });
  }
  return phases;
}
