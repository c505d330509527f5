import { defineLowering } from './define.js';

defineLowering('Reshape', (lowering, value, node) => {
  lowering.provide(value, 'tfjs', lowering.graph.reshape(lowering.plain(node.inputs[0]!), value.shape));
});

/** The two transpositions between NHWC and NCHW only name the other layout. */
defineLowering('Transpose', (lowering, value, node) => {
  const x = node.inputs[0]!;
  const permutation = node.attributes['permutation'] as readonly number[];
  if (permutation.join() === '0,2,3,1') lowering.provide(value, 'channelsFirst', lowering.plain(x));
  else if (permutation.join() === '0,3,1,2') lowering.provide(value, 'tfjs', lowering.form(x, 'channelsFirst'));
  else lowering.provide(value, 'tfjs', lowering.graph.transpose(lowering.plain(x), permutation));
});

defineLowering('Expand', (lowering, value, node) => {
  const x = node.inputs[0]!;
  const { graph } = lowering;
  lowering.provide(value, 'tfjs', graph.emit('Expand', [lowering.plain(x), graph.indices(value.shape)]));
});

defineLowering('Tile', (lowering, value, node) => {
  const { graph } = lowering;
  const repeats = graph.indices(node.attributes['repeats'] as readonly number[]);
  lowering.provide(value, 'tfjs', graph.emit('Tile', [lowering.plain(node.inputs[0]!), repeats]));
});

defineLowering('Pad', (lowering, value, node) => {
  const { graph } = lowering;
  const x = node.inputs[0]!;
  const before = node.attributes['before'] as readonly number[];
  const after = node.attributes['after'] as readonly number[];
  const pads = graph.indices([...before, ...after]);
  const fill = graph.constant(x.dtype, [], [node.attributes['fill'] as number]);
  lowering.provide(value, 'tfjs', graph.emit('Pad', [lowering.plain(x), pads, fill]));
});

/** Rows known when the op was recorded. */
defineLowering('Pick', (lowering, value, node) => {
  const { graph } = lowering;
  const rows = graph.indices(node.attributes['rows'] as readonly number[]);
  const axis = node.attributes['axis'] as number;
  lowering.provide(value, 'tfjs', graph.emit('Gather', [lowering.plain(node.inputs[0]!), rows], { axis }));
});
