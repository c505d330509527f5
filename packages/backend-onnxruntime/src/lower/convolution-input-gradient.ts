import type { Value } from '../ir/value.js';
import { windowOf } from '../ir/window.js';
import { blockedDomain } from '../onnx/builder.js';
import { channelsFirstFilter, turnedBlockedFilter } from './filters.js';
import { defineLowering } from './registry.js';
import { phasedInputGradient } from './phased-input-gradient.js';
import { withSideColumns } from './side-columns.js';
import { suitsTiles, tiledConvolution } from './tiled-convolution.js';

/**
 * The gradient of a convolution with respect to its input. With full blocks and stride 1 it is a convolution of the output
 * gradient with the turned filter, on small maps by tiles; with other strides several. Else it is a transposed convolution, which for a first layer with few channels is faster too.
 */
defineLowering('Conv2DInputGradient', (lowering, value, node) => {
  const [dy, filter] = node.inputs as [Value, Value];
  const { graph, blockSize: block } = lowering;
  const { kernel, strides, dilations, pads } = windowOf(node);
  const [, inHeight, inWidth, inputs] = value.shape as [number, number, number, number];
  const [, outHeight, outWidth, outputs] = dy.shape as [number, number, number, number];
  const reach = [(kernel[0] - 1) * dilations[0], (kernel[1] - 1) * dilations[1]] as const;
  const turnedPads = [
    reach[0] - pads[0],
    reach[1] - pads[1],
    inHeight + pads[0] - outHeight,
    inWidth + pads[1] - outWidth,
  ] as const;
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
  const phased = isUnitStride ? null : phasedInputGradient(lowering, value, windowOf(node));
  if (phased !== null) {
    lowering.provide(value, 'blocked', phased);
    return;
  }
  // ONNX: size = (out - 1) * stride + output_padding + reach + 1 - pads.
  const outputPadding = [
    inHeight - ((outHeight - 1) * strides[0] + reach[0] + 1 - pads[0] - pads[2]),
    inWidth - ((outWidth - 1) * strides[1] + reach[1] + 1 - pads[1] - pads[3]),
  ];
  const name = graph.emit(
    'ConvTranspose',
    [lowering.form(dy, 'channelsFirst'), channelsFirstFilter(lowering, filter)],
    {
      kernel_shape: kernel,
      strides,
      dilations,
      pads,
      output_padding: outputPadding,
    },
  );
  lowering.provide(value, 'channelsFirst', name);
});
