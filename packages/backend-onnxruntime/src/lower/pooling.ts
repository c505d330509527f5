import type { Value } from '../ir/value.js';
import { onnxWindow, windowOf, type Window } from '../ir/window.js';
import { blockedDomain } from '../onnx/builder.js';
import { defineLowering } from './define.js';
import type { Lowering } from './lowering.js';
import { maskedBy, product, throughTaps, throughTiles, tiles } from './pooling-without-indices.js';

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

/** Of whole windows; the recording weighs those that see less. */
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

/**
 * The gradient goes to the first maximum of every window, as tfjs routes it. With `relu` the pool's
 * input is a relu's result and the gradient is that of the relu's input: it is masked by the pool's
 * result, a quarter of the size.
 */
defineLowering('MaxPoolGradient', (lowering, value, node) => {
  const [dy, x] = node.inputs as [Value, Value];
  const window = windowOf(node);
  const isRelu = node.attributes['relu'] === true;
  if (isPairwise(window, x) && lowering.canBlock(x)) {
    const pooled = lowering.graph.emit('MaxPool', [lowering.form(x, 'blocked')], onnxWindow(window), blockedDomain);
    const gradient = lowering.form(dy, 'blocked');
    const masked = isRelu ? maskedBy(lowering, gradient, pooled) : gradient;
    lowering.provide(value, 'blocked', spread(lowering, masked, x));
    return;
  }
  if (lowering.onDevice) {
    const gradient = tiles(window, x, dy)
      ? throughTiles(lowering, dy, x, window)
      : throughTaps(lowering, dy, x, window);
    lowering.provide(value, 'tfjs', isRelu ? maskedBy(lowering, gradient, lowering.plain(x)) : gradient);
    return;
  }
  const gradient = throughIndices(lowering, dy, x, window);
  lowering.provide(
    value,
    'channelsFirst',
    isRelu ? maskedBy(lowering, gradient, lowering.form(x, 'channelsFirst')) : gradient,
  );
});

/** Windows of 2 by 2 that tile the image. */
function isPairwise({ kernel, strides, dilations, pads }: Window, x: Value): boolean {
  const isTwo = (pair: readonly number[]): boolean => pair[0] === 2 && pair[1] === 2;
  const hasNoPads = pads.every((pad) => pad === 0) && dilations.every((dilation) => dilation === 1);
  return isTwo(kernel) && isTwo(strides) && hasNoPads && x.shape[1]! % 2 === 0 && x.shape[2]! % 2 === 0;
}

/**
 * Two choices per window: the upper or lower pair of pixels, then the left or right pixel. In the
 * blocked layout halves of the innermost axes are pixels and rows, so all of it is copies of long
 * runs and elementwise ops; three times as fast as pooling with indices.
 */
function spread(lowering: Lowering, gradient: string, x: Value): string {
  const { graph, blockSize: block } = lowering;
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const pairs = x.size / (2 * block);
  const row = (w / 2) * block;
  const rows = (pairs * block) / (2 * row);
  const [left, right] = halves(lowering, graph.reshape(lowering.form(x, 'blocked'), [pairs, 2 * block]), block);
  const larger = graph.reshape(graph.emit('Max', [left, right]), [rows, 2 * row]);
  const [upper, lower] = halves(lowering, larger, row);
  const whole = graph.reshape(gradient, [rows, row]);
  const byRow = graph.reshape(choose(lowering, whole, upper, lower), [pairs, block]);
  return graph.reshape(choose(lowering, byRow, left, right), [n, c, h, w]);
}

function halves(lowering: Lowering, name: string, size: number): readonly [string, string] {
  const { graph } = lowering;
  const sizes = graph.indices([size, size]);
  return graph.emitMany('Split', [name, sizes], 2, { axis: 1 }) as readonly [string, string];
}

/** The gradient beside zeros: first where `first` is at least `second`, else second. */
function choose(lowering: Lowering, gradient: string, first: string, second: string): string {
  const { graph } = lowering;
  const toFirst = product(lowering, gradient, 'GreaterOrEqual', first, second);
  return graph.emit('Concat', [toFirst, graph.emit('Sub', [gradient, toFirst])], { axis: 1 });
}

/** For any window: ONNX' indices name exactly the first maximum. */
function throughIndices(lowering: Lowering, dy: Value, x: Value, window: Window): string {
  const { graph } = lowering;
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const [, indices] = graph.emitMany('MaxPool', [lowering.form(x, 'channelsFirst')], 2, onnxWindow(window));
  const gradient = lowering.form(dy, 'channelsFirst');
  if (!overlaps(window) && hasRoom(window, dy, x))
    return graph.emit('MaxUnpool', [gradient, indices!, graph.indices([n, c, h, w])], {
      kernel_shape: window.kernel,
      strides: window.strides,
    });
  const flat = graph.indices([-1]);
  const zeros = graph.emit('Expand', [graph.constant('float32', [1], [0]), graph.indices([n * c * h * w])]);
  const scattered = graph.emit(
    'ScatterElements',
    [zeros, graph.emit('Reshape', [indices!, flat]), graph.emit('Reshape', [gradient, flat])],
    { axis: 0, reduction: 'add' },
  );
  return graph.reshape(scattered, [n, c, h, w]);
}

/**
 * MaxUnpool wants room for every whole window, also for the last one, which padding may have
 * completed.
 */
function hasRoom({ kernel, strides }: Window, dy: Value, x: Value): boolean {
  return [0, 1].every((axis) => (dy.shape[axis + 1]! - 1) * strides[axis]! + kernel[axis]! <= x.shape[axis + 1]!);
}

function overlaps({ kernel, strides, dilations }: Window): boolean {
  return (kernel[0] - 1) * dilations[0] >= strides[0] || (kernel[1] - 1) * dilations[1] >= strides[1];
}
