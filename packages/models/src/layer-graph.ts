export { layerGraph, layerPass, type LayerPass } from './layer-graph/layer-graph.js';
export type { Activation, LayerGraph, LayerNode, Operation, Pads, Window } from './layer-graph/nodes.js';
export { activate, padded, runLayerGraph, runNode, sumPool, windowShares } from './layer-graph/run.js';
