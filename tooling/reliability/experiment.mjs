// A run with every kind of file and every trainer, on points in four dimensions, so that a life of it takes seconds.
import { createRegistry, optionNames } from '../../packages/core/dist/index.js';
import attacks from '../../packages/attacks/dist/index.js';
import dualLangevin from '../../packages/trainers-dual-langevin/dist/index.js';
import entropySgd from '../../packages/trainers-entropysgd/dist/index.js';
import randomized from '../../packages/trainers-randomized/dist/index.js';
import training from '../../packages/training/dist/index.js';

export const points = { name: 'subspace', options: { size: 4, complement: 2 } };
export const net = { inputShape: [4], numClasses: 2, bounds: [-20, 20], hidden: [8] };

/** Options of a part as the command line takes them. */
export const flagsOf = (part, options) =>
  Object.entries(options).flatMap(([key, value]) => ['--set', `${part}.${key}=${JSON.stringify(value)}`]);

/** The points and the net, in the words of the command line. */
export const onPoints = ['--backend', 'cpu', '--dataset', points.name, ...flagsOf(points.name, points.options)];
export const withNet = ['--architecture', 'mlp', ...flagsOf('mlp', net)];

/** Options that make a recipe quick, by name, for every recipe that has them. */
const quick = { attackSteps: 2, innerSteps: 2, steps: 2, noiseVectors: 2 };

/** One model for each trainer that the command brings; or one alone, with an average. */
export function experimentOf({ everyTrainer }) {
  const registry = createRegistry([attacks, training, dualLangevin, entropySgd, randomized]);
  const trained = registry.list('trainers').map(({ name, definition }) => {
    const known = optionNames(definition.options);
    const options = Object.fromEntries(Object.entries(quick).filter(([key]) => known.includes(key)));
    const plan = registry.find('trainers', name)(options);
    const attack = plan.attack ? {} : { attack: { name: 'pgd', options: { steps: 2 } } };
    const teacher = plan.objective.origin?.name === 'kd' ? { teacher: 'pgd-at' } : {};
    return { id: name, train: { trainer: { name, options }, ...attack, ...teacher } };
  });
  const single = {
    id: 'net',
    train: { objective: 'erm', averager: 'ema', tensorboard: true, validation: { take: 20, every: 1 } },
  };
  return {
    version: 1,
    name: 'points',
    dataset: points,
    backend: { name: 'cpu' },
    threat: { norm: 'linf', epsilon: 0.5 },
    architecture: { name: 'mlp', options: net },
    training: { steps: 6, batchSize: 16, learningRate: 0.02, logEvery: 2, checkpointEvery: 2 },
    models: everyTrainer ? trained : [single],
    evaluation: {
      take: 20,
      batchSize: 10,
      saveAdversarial: true,
      checks: everyTrainer ? false : { examples: 10, restarts: 2, queries: 20 },
      attacks: [{ name: 'fgsm', epsilon: [0.5, 3] }],
    },
    analyses: [
      { name: 'logit-statistics', models: [everyTrainer ? 'pgd-at' : 'net'], take: 10, options: { attackSteps: 2 } },
    ],
  };
}
