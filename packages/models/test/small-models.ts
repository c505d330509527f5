import type { Classifier } from '@advrob/core';
import type models from '../src/plugin.js';
import {
  compactCnn,
  lenet5,
  mlp,
  mnistNet,
  preactResnet18,
  resnet18,
  smallCnn,
  twoLayer,
  wideResnet,
} from '../src/plugin.js';

/** A small version of every architecture; one without is a type error. */
export const smallModels: Readonly<Record<keyof typeof models.models, (seed: number) => Classifier>> = {
  'two-layer': twoLayer({ width: 5 }),
  mlp: mlp({ inputShape: [4, 4, 2], hidden: [6], numClasses: 4, mean: [0.1, 0.2], std: 0.5 }),
  lenet5: lenet5({ inputShape: [8, 8, 1], channels: [2, 3], hidden: 5 }),
  'compact-cnn': compactCnn({ inputShape: [8, 8, 1], channels: [2, 3], hidden: 5 }),
  'small-cnn': smallCnn({ inputShape: [16, 16, 1], channels: [2, 3], hidden: 5 }),
  'mnist-net': mnistNet({ inputShape: [8, 8, 1], channels: [2, 3], hidden: 5 }),
  resnet18: resnet18({ inputShape: [8, 8, 3], width: 2 }),
  'preact-resnet18': preactResnet18({ inputShape: [8, 8, 3], width: 2 }),
  'wide-resnet': wideResnet({ inputShape: [8, 8, 3], depth: 10, width: 1, dropout: 0.3 }),
};
