import { images } from './noise.mjs';
import { multiplyAdds } from './multiply-adds.mjs';
import { resnet18 } from './resnet18.mjs';
import { smallCnn } from './small-cnn.mjs';

const epsilon = 0.1;
const stepSize = 0.01;
const learningRate = 0.01;
const momentum = 0.9;

/** One step of Linf PGD per call, read back after each. */
export function pgd(tf, net, clean, loss) {
  const gradient = tf.grad((x) => loss(net.logits(x, { training: false })));
  const lower = tf.clipByValue(tf.sub(clean, epsilon), 0, 1);
  const upper = tf.clipByValue(tf.add(clean, epsilon), 0, 1);
  let x = tf.clone(clean);
  return async () => {
    const next = tf.tidy(() => {
      const moved = tf.add(x, tf.mul(tf.sign(gradient(x)), stepSize));
      return tf.minimum(tf.maximum(moved, lower), upper);
    });
    x.dispose();
    x = next;
    await x.data();
  };
}

/** One step of SGD with momentum per call; the loss is read after each. */
function training(tf, net, x, loss) {
  const optimizer = tf.train.momentum(learningRate, momentum);
  return async () => {
    const cost = optimizer.minimize(() => loss(net.logits(x, { training: true })), true, net.trainable);
    await cost.data();
    cost.dispose();
  };
}

/**
 * Builds one case, such as `smallcnn/pgd` or `resnet18/training`, on the current tfjs backend.
 * Returns what both sides must agree on (parameters, multiply-adds of a forward pass, the first logits, the loss) and the step.
 */
export async function buildWork(tf, name, batch) {
  const [netName, kind] = name.split('/');
  const net = { smallcnn: smallCnn, resnet18 }[netName](tf);
  const x = images(tf, [batch, ...net.inputShape]);
  const labels = tf.oneHot(
    tf.tensor1d(
      Array.from({ length: batch }, (_, i) => i % 10),
      'int32',
    ),
    10,
  );
  const loss = (logits) => tf.losses.softmaxCrossEntropy(labels, logits);

  const macs = await multiplyAdds(tf, () => net.logits(x, { training: false }));
  const [logits, cost] = tf.tidy(() => {
    const all = net.logits(x, { training: false });
    return [tf.slice(all, [0, 0], [1, 10]), loss(all)];
  });
  const described = {
    params: net.trainable.reduce((total, variable) => total + variable.size, 0),
    macs,
    logits: [...(await logits.data())],
    loss: (await cost.data())[0],
  };
  tf.dispose([logits, cost]);
  return { described, step: { pgd, training }[kind](tf, net, x, loss) };
}
