import * as z from 'zod';

/** The outcome of one check, in words that a reader without background understands. */
export const robustnessCheck = z.strictObject({
  /** E.g. `vanishing-gradients`. */
  name: z.string(),
  /** `cause`: something in the model that makes attacks fail. `symptom`: results that only such a thing, or too weak an attack, explains. */
  kind: z.enum(['cause', 'symptom']),
  /** `none`: looked for and not found. `untested`: what it takes was not given, or another finding comes first. */
  severity: z.enum(['serious', 'warning', 'none', 'untested']),
  /** What was measured; null where it was not. */
  value: z.number().nullable(),
  /** The value at which the check speaks up; null where there is none. */
  threshold: z.number().nullable(),
  /** What was asked, e.g. `Do gradients vanish?` */
  question: z.string(),
  /** What was measured, with its unit. */
  measured: z.string(),
  /** What a finding means for the numbers, and what to do. */
  meaning: z.string(),
});
export type RobustnessCheck = z.infer<typeof robustnessCheck>;
