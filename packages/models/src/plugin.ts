import { definePlugin } from '@advrob/core';
import { compactCnn } from './architectures/compact-cnn.js';
import { lenet5 } from './architectures/lenet5.js';
import { mlp } from './architectures/mlp.js';
import { mnistNet } from './architectures/mnist-net.js';
import { preactResnet18 } from './architectures/preact-resnet18.js';
import { resnet18 } from './architectures/resnet18.js';
import { smallCnn } from './architectures/small-cnn.js';
import { twoLayer } from './architectures/two-layer.js';
import { wideResnet } from './architectures/wide-resnet.js';

export { compactCnn, lenet5, mlp, mnistNet, preactResnet18, resnet18, smallCnn, twoLayer, wideResnet };

/** The architectures of this package. Exports, tests and lists go by this file. */
export default definePlugin({
  name: '@advrob/models',
  contract: 1,
  models: {
    'two-layer': twoLayer,
    mlp,
    lenet5,
    'compact-cnn': compactCnn,
    'small-cnn': smallCnn,
    'mnist-net': mnistNet,
    resnet18,
    'preact-resnet18': preactResnet18,
    'wide-resnet': wideResnet,
  },
});
