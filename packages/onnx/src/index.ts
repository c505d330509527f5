export { OnnxError, type OnnxErrorCode } from './errors.js';
export type { ElementType, HostArray } from './format/element-types.js';
export type { ExternalData, HostTensor, ReadExternal } from './format/tensor-data.js';
export type { Attribute } from './graph/attributes.js';
export {
  isQuantized,
  readOnnx,
  type NodeGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxPort,
  type ReadOptions,
} from './graph/model.js';
export { createOnnxGraph, unsupportedNodes, type OnnxGraph } from './run/graph.js';
