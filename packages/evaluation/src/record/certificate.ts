import * as z from 'zod';
import { proportion } from '../statistics/proportion.js';
import { norm } from './shared.js';

const statement = z.strictObject({
  kind: z.enum(['deterministic', 'probabilistic']),
  /** Chance that the certificate of an example is wrong. */
  alpha: z.number().gt(0).lt(1).optional(),
  /** What the certificates speak of: the model itself, or a classifier made of it. */
  of: z.enum(['model', 'smoothed', 'ablated']),
  /** Whether rounding of floating point numbers is covered. */
  rounding: z.enum(['none', 'outward']),
  text: z.string(),
});

/** What a certifier found over the data. */
export const certificateResult = z.strictObject({
  label: z.string(),
  /** Registry name. */
  certifier: z.string(),
  options: z.json(),
  norm,
  statement,
  /** One per finite epsilon, ascending. */
  points: z.array(
    z.strictObject({
      epsilon: z.number().min(0),
      /** Examples whose label is certified at this epsilon. */
      certified: proportion,
      /**
       * Of probabilistic certificates: at least this share of the examples is rightly certified, at all
       * epsilons at once, with a probability of 0.999: (count - q) / total, q the 0.999 quantile of
       * Bin(total, alpha).
       */
      atLeast: z.number().min(0).max(1).optional(),
      /** Shown to have another class in the ball, clean errors included. */
      falsified: z.int().min(0),
      /** Neither was shown. */
      open: z.int().min(0),
    }),
  ),
  /** Of a certifier that looked for the largest radii. */
  radii: z
    .strictObject({
      /** Average certified radius: the mean over all examples, those of another class counting 0. */
      average: z.number().min(0).nullable(),
      /** Steps [radius, share of all examples that are certified beyond it]; the first is at 0. */
      curve: z.array(z.tuple([z.number().min(0), z.number().min(0).max(1)])).min(1),
    })
    .optional(),
  /** Forward passes per example that was certified, or what costs as much. */
  meanPasses: z.number().min(0),
});

/** Robust accuracy between two bounds, in one norm: what certifiers of the model itself and attacks say together. */
export const robustBounds = z.strictObject({
  norm,
  points: z.array(
    z.strictObject({
      epsilon: z.number().min(0),
      /** At least: classified rightly, and certified by a deterministic certifier of the model itself. */
      certified: proportion,
      /** At most: classified rightly, withstood every attack up to this epsilon, and not falsified. */
      attacked: proportion,
      /** Examples in between. */
      open: z.int().min(0),
    }),
  ),
});

/** What is known of one example by one certifier at one epsilon. */
export const exampleCertificate = z.strictObject({
  certifier: z.string(),
  norm,
  /** Null where the largest radius was looked for and no epsilon named. */
  epsilon: z.number().min(0).nullable(),
  verdict: z.enum(['certified', 'falsified', 'open']),
  /**
   * By whom: `clean` for a clean error, the label of an attack where the certificate is of the model
   * itself, or of the certifier.
   */
  falsifiedBy: z.string().nullable(),
  /** -1 where a smoothed classifier abstains. */
  prediction: z.int().min(-1),
  /** The radius in which that class stays, null for one without an end; left out where none is found. */
  radius: z.number().min(0).nullable().optional(),
});
