import { resnet18, smallCnn } from '../../../packages/models/dist/index.js';
import { weightSource } from './noise.mjs';

/** SmallCNN or ResNet-18 of @advrob/models with the weights of noise.mjs, so that it computes the same function as ../peers/torch_nets.py. */
export function classifier(tf, name) {
  const model = { smallcnn: smallCnn, resnet18 }[name]()(0);
  const draw = weightSource(tf);
  for (const [key, weight] of Object.entries(model.weights)) {
    if (weight.rank >= 2) {
      const drawn = draw(weight.shape);
      weight.assign(drawn);
      drawn.dispose();
    } else if (key.endsWith('bias')) tf.tidy(() => weight.assign(tf.zeros(weight.shape)));
  }
  return model;
}
