// What one epoch of PGD-AT on MNIST is, for the comparison with PyTorch and its small form in the
// tests.

/**
 * The whole epoch, and a small one whose losses are a fixture. Epsilon rises from 0 in the first
 * `warmUp` steps: without, the network stays at chance.
 */
export const epochs = {
  whole: { channels: [4, 8], hidden: 16, batchSize: 128, steps: 429, warmUp: 200 },
  small: { channels: [4, 8], hidden: 16, batchSize: 8, steps: 10, warmUp: 4 },
};
/** Of both. The attack starts at the clean example, so that no random number is needed. */
export const settings = {
  epsilon: 0.1,
  attackSteps: 7,
  stepSize: 0.25 / 7,
  learningRate: 0.05,
  momentum: 0.9,
};

/**
 * The losses of every step through our engine.
 *
 * @param parts {model, train} and the functions {fit, pgdAt, sgd, pgd}: from the sources in tests,
 *   from the built packages in the experiment.
 */
export async function ourLosses({ model, train, fit, pgdAt, sgd, pgd }, { batchSize, steps, warmUp }) {
  const { epsilon, attackSteps, stepSize, learningRate, momentum } = settings;
  const { history } = await fit({
    model,
    data: train,
    objective: pgdAt(),
    attack: pgd({ steps: attackSteps, stepSize, start: 'zero' }),
    threat: { norm: 'linf', epsilon },
    epsilonSchedule: { name: 'warm-up', length: warmUp, unit: 'steps' },
    optimizer: sgd({ momentum }),
    learningRate,
    batchSize,
    steps,
    seed: 0,
    logEvery: 1,
  });
  return history.flatMap((event) => (event.type === 'metrics' ? [event.loss.total] : []));
}
