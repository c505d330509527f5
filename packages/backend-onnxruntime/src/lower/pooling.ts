import { onnxWindow, windowOf } from '../ir/window.js';
import { blockedDomain } from '../onnx/builder.js';
import { defineLowering } from './registry.js';

defineLowering('MaxPool', (lowering, value, node) => {
  const x = node.inputs[0]!;
  const window = onnxWindow(windowOf(node));
  if (lowering.canBlock(x) && lowering.has(x, 'blocked')) {
    lowering.provide(
      value,
      'blocked',
      lowering.graph.emit('MaxPool', [lowering.form(x, 'blocked')], window, blockedDomain),
    );
    return;
  }
  lowering.provide(value, 'channelsFirst', lowering.graph.emit('MaxPool', [lowering.form(x, 'channelsFirst')], window));
});

/** Padding is not counted; tfjs' average pool has no dilation. */
defineLowering('AvgPool', (lowering, value, node) => {
  const x = node.inputs[0]!;
  const { kernel, strides, pads } = windowOf(node);
  const window = { kernel_shape: kernel, strides, pads, count_include_pad: 0 };
  const name = lowering.graph.emit('AveragePool', [lowering.form(x, 'channelsFirst')], window);
  lowering.provide(value, 'channelsFirst', name);
});

/** tfjs divides every window's gradient by the full window size, padding included. */
defineLowering('AvgPoolGradient', (lowering, value, node) => {
  const dy = node.inputs[0]!;
  const { graph } = lowering;
  const { kernel, strides, pads } = windowOf(node);
  const [n, h, w, c] = value.shape as [number, number, number, number];
  const [, outHeight, outWidth] = dy.shape as [number, number, number];
  const weight = 1 / (kernel[0] * kernel[1]);
  const filter = graph.emit('Expand', [
    graph.constant('float32', [], [weight]),
    graph.indices([1, 1, kernel[0], kernel[1]]),
  ]);
  const gradient = graph.reshape(lowering.form(dy, 'channelsFirst'), [n * c, 1, outHeight, outWidth]);
  const name = graph.emit('ConvTranspose', [gradient, filter], {
    kernel_shape: kernel,
    strides,
    pads,
    output_padding: [
      h - ((outHeight - 1) * strides[0] + kernel[0] - pads[0] - pads[2]),
      w - ((outWidth - 1) * strides[1] + kernel[1] - pads[1] - pads[3]),
    ],
  });
  lowering.provide(value, 'channelsFirst', graph.reshape(name, [n, c, h, w]));
});
