/**
 * An experiment that uses what a config can ask for: a surrogate and a teacher by id, a minimal
 * norm, saved examples, checks, TensorBoard, notes. Seconds on MNIST.
 */
export const wholeExperiment = `version: 1
name: whole
dataset: { name: mnist, options: { validation: 1000 } }
threat: { norm: linf, epsilon: 0.1 }
architecture: { name: mlp, options: { hidden: [32] } }
training: { steps: 40, batchSize: 64, learningRate: 0.1, take: 1280, logEvery: 10, checkpointEvery: 7, tensorboard: true, epsilonSchedule: { name: warm-up, length: 0.2, unit: run } }
models:
  - id: standard
    train: { objective: erm }
  - id: robust
    train: { objective: pgd-at, attack: { name: pgd, options: { steps: 2, stepSize: 0.06 } } }
  - id: student
    train: { objective: { name: kd, options: { temperature: 4 } }, teacher: robust }
  - id: distilled
    train:
      objective: { name: kd-at, options: { standard: standard, robust: robust } }
      attack: { name: pgd, options: { steps: 2, stepSize: 0.06 } }
evaluation:
  take: 60
  batchSize: 30
  saveAdversarial: true
  checks: { examples: 24, restarts: 2, queries: 30 }
  attacks:
    - { name: pgd, options: { steps: 6, stepSize: 0.03 }, epsilon: [0.05, 0.1] }
    - { name: transfer, options: { surrogate: robust, attack: { name: mim, options: { steps: 5 } } } }
    - { name: fab, options: { steps: 5 }, epsilon: [0.1, .inf] }
  notes:
    - { attack: pgd, robustBelow: 0.99, text: undertrained at this budget }
`;
