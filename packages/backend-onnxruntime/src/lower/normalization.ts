import { defineLowering } from './define.js';

/** An average pool over the channels, times its size. */
defineLowering('ChannelSums', (lowering, value, node) => {
  const { graph } = lowering;
  const [n, h, w, c] = value.shape as [number, number, number, number];
  const radius = node.attributes['radius'] as number;
  const size = 2 * radius + 1;
  const lines = graph.reshape(lowering.plain(node.inputs[0]!), [n * h * w, 1, 1, c]);
  const window = { kernel_shape: [1, size], strides: [1, 1], pads: [0, radius, 0, radius], count_include_pad: 1 };
  const averages = graph.emit('AveragePool', [lines], window);
  const sums = graph.emit('Mul', [averages, graph.constant('float32', [], [size])]);
  lowering.provide(value, 'tfjs', graph.reshape(sums, value.shape));
});
