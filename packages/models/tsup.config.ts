import { preset } from '../../tooling/tsup/preset.js';

export default preset(
  {
    index: 'src/index.ts',
    graph: 'src/graph.ts',
    inspect: 'src/inspect.ts',
    keras: 'src/keras.ts',
    'layer-graph': 'src/layer-graph.ts',
    layers: 'src/layers.ts',
    node: 'src/node.ts',
    onnx: 'src/onnx.ts',
  },
  { platform: 'node' },
);
