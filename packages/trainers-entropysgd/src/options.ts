import * as z from 'zod';

/** What can be set, with defaults of the reference code for CIFAR-10, where it names one. */
export const entropySgdFields = {
  innerSteps: z
    .int()
    .min(1)
    .default(20)
    .describe("Langevin steps, each with a fresh batch, for one update of the weights; the paper's L"),
  gamma: z.number().min(0).default(0.03).describe('pull toward the anchor at first; 1e-4 in the reference on MNIST'),
  scoping: z.number().min(0).default(0.001).describe('gamma grows by this share with each update'),
  innerRate: z.number().positive().default(0.1).describe('learning rate of the Langevin steps'),
  noise: z.number().min(0).default(1e-4).describe('scale of the Langevin noise; 0 makes the optimizer deterministic'),
  noiseScale: z
    .enum(['code', 'paper'])
    .default('code')
    .describe('standard deviation of the noise: noise sqrt(2 innerRate), or noise sqrt(innerRate)'),
  avgKeep: z
    .number()
    .min(0)
    .lt(1)
    .default(0.75)
    .describe('share of the old average kept in each Langevin step, so that the new point weighs 1 - avgKeep'),
  momentum: z.number().min(0).lt(1).default(0.9).describe('of the Langevin steps and of the outer steps'),
  nesterov: z.boolean().default(true).describe('whether the momentum is that of Nesterov'),
  weightDecay: z.number().min(0).default(0).describe('L2 penalty inside and outside; 1e-3 in the reference on CIFAR'),
};

const pullIsStable = ({ innerRate, gamma }: { innerRate: number; gamma: number }): boolean => innerRate * gamma < 2;

export const entropySgdOptions = z.strictObject(entropySgdFields).refine(pullIsStable, {
  message: 'innerRate * gamma must be below 2: the pull toward the anchor overshoots and diverges',
  path: ['gamma'],
});

export type EntropySgdOptions = z.output<typeof entropySgdOptions>;
