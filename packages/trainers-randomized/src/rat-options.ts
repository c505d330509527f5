import * as z from 'zod';

/** What can be set, with the defaults of the official code for CIFAR-10. */
export const ratFields = {
  beta: z
    .number()
    .min(0)
    .default(6)
    .describe('weight of the divergence between clean and adversarial outputs, as in TRADES'),
  alpha: z.number().min(0).max(1).default(0.2).describe('weight of the Taylor terms; cross-entropy gets 1 - alpha'),
  firstTerm: z.boolean().default(true).describe('whether the first Taylor term is trained on'),
  secondTerm: z.boolean().default(true).describe('whether the second Taylor term is trained on'),
  secondWeight: z
    .number()
    .min(0)
    .default(0.5)
    .describe("weight of the second term in units of alpha; the authors' ResNet-18 script has 0.4"),
  secondOrderTargets: z
    .enum(['code', 'symmetric'])
    .default('code')
    .describe(
      'code: one soft label for both outputs, as the official code; symmetric: one each way, as in the first term',
    ),
  spread: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      'mass that a soft label gives to the other classes; default 1 - 2 / classes, i.e. 0.8 for 10, 0.98 for 100',
    ),
  attackNoise: z
    .number()
    .min(0)
    .default(1e-4)
    .describe('standard deviation of the noise on the weights that the attack sees'),
  noisyWeights: z.string().default('conv').describe('the noise goes to weights whose name contains this; "" is all'),
};
export const ratOptions = z.strictObject({
  ...ratFields,
  probeLoss: z
    .enum(['rat', 'trades'])
    .default('rat')
    .describe('what AWP ascends: the loss itself, or that of TRADES as the official AWP script does'),
});

export type RatOptions = z.output<typeof ratOptions>;
