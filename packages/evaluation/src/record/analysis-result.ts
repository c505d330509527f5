import * as z from 'zod';
import { dataDescription, fileId, floatCount, norm } from './shared.js';

const row = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));

const tableFields = {
  id: fileId,
  title: z.string().min(1),
  /** Keys of the rows in order, with the heading of their column. */
  columns: z.record(z.string(), z.string()),
  rows: z.array(row),
};

const figure = z.strictObject({
  ...tableFields,
  /** What is drawn, and what to see in it. */
  caption: z.string(),
  /** For those who do not see it. */
  alt: z.string(),
  /** Vega-Lite with its data inside; size and colours are the report's. */
  spec: z.record(z.string(), z.json()),
});

const gallery = z
  .strictObject({
    id: fileId,
    title: z.string().min(1),
    caption: z.string(),
    /** Of one example. */
    shape: z.array(z.int().min(1)),
    bounds: z.tuple([z.number(), z.number()]),
    groups: z.array(
      z.strictObject({
        title: z.string(),
        pictures: z.array(
          z.strictObject({
            /** float32 values, row-major, as base64 of little-endian bytes. */
            image: z.base64(),
            alt: z.string(),
            lines: z.array(z.string()),
          }),
        ),
      }),
    ),
  })
  .superRefine(({ shape, groups }, context) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    groups.forEach(({ pictures }, group) =>
      pictures.forEach(({ image }, picture) => {
        if (floatCount(image) !== size)
          context.addIssue({
            code: 'custom',
            path: ['groups', group, 'pictures', picture, 'image'],
            message: `expected the ${size} values of a picture of shape [${shape.join(', ')}], found ${floatCount(image)}`,
          });
      }),
    );
  });

/**
 * The keys of a result that a report shows, whoever wrote the analysis: `Findings` of
 * `@advrob/core/figure`.
 */
export const findings = z.object({
  findings: z.array(z.string()).default([]),
  tables: z.array(z.strictObject(tableFields)).default([]),
  figures: z.array(figure).default([]),
  galleries: z.array(gallery).default([]),
});

/** What an analysis found. */
export const analysisResult = z.strictObject({
  /** Unique in the record. */
  id: fileId,
  /** Registry name. */
  analysis: z.string().min(1),
  /** One sentence. */
  summary: z.string().optional(),
  paper: z.string().optional(),
  options: z.json(),
  seed: z.int().min(0),
  /** Who was analysed, by the role it had. */
  models: z.record(
    z.string(),
    z.strictObject({
      name: z.string(),
      /** SHA-256 of weights and buffers; null for a model without any. */
      modelHash: z.string().nullable(),
    }),
  ),
  /** Left out when it took none. */
  data: dataDescription.optional(),
  threat: z.strictObject({ norm, epsilon: z.number().min(0) }).optional(),
  ...findings.shape,
  /** Everything else that the analysis gave, for programs. */
  values: z.json(),
});
export type AnalysisResult = z.infer<typeof analysisResult>;
