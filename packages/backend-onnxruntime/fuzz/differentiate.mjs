import { runNodes } from './evaluate.mjs';
import { opsByName } from './ops/index.mjs';

/** The float leaves that the program is differentiated by. */
export const differentiated = (program) =>
  program.nodes.flatMap(({ kind, dtype }, id) =>
    kind === 'leaf' && dtype === 'float32' && id !== program.dy ? [id] : [],
  );

/** The program's value y and its gradients by every float leaf, for the output gradient dy. */
export function differentiate(tf, program, leaves, perturb) {
  const ids = differentiated(program);
  return tf.tidy(() => {
    const f = (...xs) => {
      const values = new Map(leaves);
      ids.forEach((id, i) => values.set(id, xs[i]));
      return runNodes(tf, program, values, perturb).get(program.y);
    };
    const dy = perturb(program.dy, tf.clone(leaves.get(program.dy)));
    const xs = ids.map((id) => leaves.get(id));
    const { value, grads } = tf.valueAndGrads(f)(xs, dy);
    return { value, ...Object.fromEntries(ids.map((id, i) => [`gradient ${id}`, grads[i]])) };
  });
}

const optimizers = [
  (tf) => tf.train.sgd(0.1),
  (tf) => tf.train.momentum(0.1, 0.9),
  (tf) => tf.train.momentum(0.1, 0.9, true),
  (tf) => tf.train.adagrad(0.1),
  (tf) => tf.train.adam(0.1, 0.9, 0.999, 0.1), // with its usual epsilon the first step is a sign, which jumps at 0
];

/** The float leaves as variables after one step of an optimizer on sum(y * dy); two steps where no kink makes that ill conditioned. */
export function optimise(tf, program, leaves, perturb) {
  const ids = differentiated(program);
  const isSmooth = program.nodes.every(
    ({ kind, op }) => kind === 'leaf' || !(opsByName.get(op).kink || opsByName.get(op).jump),
  );
  const optimizer = optimizers[program.seed % optimizers.length](tf);
  const variables = ids.map((id) => tf.variable(tf.clone(leaves.get(id))));
  try {
    for (let step = 0; step < (isSmooth ? 2 : 1); step++) {
      optimizer.minimize(
        () => {
          const values = new Map(leaves);
          ids.forEach((id, i) => values.set(id, variables[i]));
          const y = runNodes(tf, program, values, perturb).get(program.y);
          return tf.sum(tf.mul(y, perturb(program.dy, leaves.get(program.dy))));
        },
        false,
        variables,
      );
    }
    return Object.fromEntries(ids.map((id, i) => [`variable ${id}`, tf.clone(variables[i])]));
  } finally {
    optimizer.dispose();
    tf.dispose(variables);
  }
}
