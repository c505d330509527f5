/** An experiment on real MNIST that takes seconds: two small models, two attacks. */
export const smallExperiment = `version: 1
name: small
dataset: { name: mnist, options: { validation: 1000 } }
threat: { norm: linf, epsilon: 0.1 }
architecture: { name: mlp, options: { hidden: [32] } }
training: { steps: 60, batchSize: 64, learningRate: 0.1, take: 2560, logEvery: 10, checkpointEvery: 7 }
models:
  - id: standard
    train: { objective: erm }
  - id: pgd-at
    train:
      objective: pgd-at
      attack: { name: pgd, options: { steps: 2, stepSize: 0.06 } }
      validation: { take: 200, every: 1 }
evaluation:
  take: 120
  batchSize: 50
  attacks:
    - { name: fgsm }
    - { name: pgd, options: { steps: 5, stepSize: 0.03 }, epsilon: [0.05, 0.1] }
`;
