import * as z from 'zod';

export const name = z.string().min(1);

export const part = z
  .union([
    name.transform((only) => ({ name: only, options: {} as Record<string, unknown> })),
    z.strictObject({
      name,
      options: z.record(z.string(), z.unknown()).default({}).describe('see: advrob list with its name'),
    }),
  ])
  .describe('the name of a part, or { name, options }');
export type Part = z.output<typeof part>;

export const identifier = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'lower case letters, digits and hyphens')
  .describe('names a folder of the run');

const fraction = z
  .string()
  .regex(/^\d*\.?\d+(\/\d*\.?\d+)?$/, 'a number, or a fraction such as "8/255"')
  .transform((text) => {
    const [above, below = '1'] = text.split('/');
    return Number(above) / Number(below);
  });
export const epsilon = z
  .union([z.number(), fraction])
  .refine((value) => value > 0 && Number.isFinite(value), 'above 0')
  .describe('radius in units of the input values: a number or "8/255"');

/**
 * What stands for Infinity in a file; `.inf` of YAML and Infinity of TypeScript become it before
 * the schema sees them.
 */
export const infinite = 'inf';
export const epsilonOrInfinite = z.union([
  epsilon,
  z
    .literal(infinite)
    .transform(() => Infinity)
    .describe('no bound, for attacks that look for a minimal norm'),
]);

export const norm = z.enum(['linf', 'l2', 'l1', 'l0']);
export const threat = z.strictObject({ norm: norm.default('linf'), epsilon });

const perChannel = z.union([z.number(), z.array(z.number()).min(1)]);

/** What a network expects of its input, where that is not the bounds of the data. */
export const modelInput = z
  .strictObject({
    range: z.tuple([z.number(), z.number()]).optional().describe('what it takes for black and white, such as [0, 255]'),
    mean: perChannel.optional().describe('subtracted from inputs, one value or one per channel'),
    std: perChannel.optional().describe('divides them afterwards'),
  })
  .describe('what the network expects: { range }, or { mean, std }; default the bounds of the data');
export const modelOutputs = z
  .enum(['logits', 'probabilities'])
  .describe('what the model gives, when it cannot be seen from its layers');

/** How an ONNX file is taken. */
export const onnxSettings = z
  .strictObject({
    output: name.optional().describe('the value that holds the scores, where a file has several outputs'),
    layout: z.enum(['NCHW', 'NHWC']).optional().describe('where channels lie, when shapes do not show it'),
    blackBox: z.boolean().default(false).describe('run it in ONNX Runtime, without gradients'),
    compare: z.boolean().default(true).describe('compare the import with ONNX Runtime on a few inputs'),
  })
  .describe('how an ONNX file is taken');

/** What becomes of a model whose gradient does not agree with its scores. */
export const modelCheck = z
  .enum(['stop', 'warn'])
  .describe('when the gradient of a model disagrees with differences of its scores: stop, or go on and say so');
export type ModelCheckSetting = z.output<typeof modelCheck>;

/** Another model: one of the experiment by its id, or a file. */
export const modelReference = z.union([
  name,
  z.strictObject({
    weights: z.string().describe('a safetensors or ONNX file, or a folder with model.json'),
    architecture: part.optional().describe('of a weight file that does not say it'),
    outputs: modelOutputs.optional(),
    input: modelInput.optional(),
    onnx: onnxSettings.optional(),
  }),
]);
export type ModelReference = z.output<typeof modelReference>;
