import { defineLowering } from './registry.js';

defineLowering('Gather', (lowering, value, node) => {
  const [x, indices] = node.inputs;
  const axis = node.attributes['axis'] as number;
  lowering.provide(
    value,
    'tfjs',
    lowering.graph.emit('Gather', [lowering.plain(x!), lowering.plain(indices!)], { axis }),
  );
});

/** All batches lie one after the other: the indices of each are moved to where it begins. */
defineLowering('BatchGather', (lowering, value, node) => {
  const [x, indices] = node.inputs;
  const { graph } = lowering;
  const [batch, outer] = value.shape as [number, number];
  const extent = node.attributes['extent'] as number;
  const starts = Array.from({ length: batch * outer }, (_, index) => index * extent);
  const moved = graph.emit('Add', [lowering.plain(indices!), graph.constant('int32', [batch, outer, 1], starts)]);
  lowering.provide(value, 'tfjs', graph.emit('Gather', [lowering.plain(x!), moved], { axis: 0 }));
});

defineLowering('GatherNd', (lowering, value, node) => {
  const [x, indices] = node.inputs;
  const positions = lowering.cast(lowering.plain(indices!), 'int64');
  lowering.provide(value, 'tfjs', lowering.graph.emit('GatherND', [lowering.plain(x!), positions]));
});

/** Rows known when the op was recorded. */
defineLowering('Pick', (lowering, value, node) => {
  const { graph } = lowering;
  const rows = graph.indices(node.attributes['rows'] as readonly number[]);
  const axis = node.attributes['axis'] as number;
  lowering.provide(value, 'tfjs', graph.emit('Gather', [lowering.plain(node.inputs[0]!), rows], { axis }));
});
