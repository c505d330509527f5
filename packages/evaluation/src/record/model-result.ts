import * as z from 'zod';
import { proportion } from '../statistics/proportion.js';
import { certificateResult, robustBounds } from './certificate.js';
import { norm } from './shared.js';

const curvePoint = z.strictObject({
  epsilon: z.number().min(0),
  /**
   * Classified rightly and withstood this attack (with `attackOn: survivors`: and all before it).
   */
  robust: proportion,
  /** Examples that the attack was run on. */
  attacked: z.int().min(0),
  /** Examples that it was not run on since a certifier had shown that it cannot succeed there. */
  certified: z.int().min(1).optional(),
  /**
   * Successes during the attack that a fresh forward pass did not confirm; they count as failures.
   */
  unconfirmed: z.int().min(0),
  /**
   * Left out where all was finite. `points`: adversarial examples whose scores hold NaN, which count
   * as found; `gradients`: rows of input gradients, one per example and step, which counted as zero.
   */
  notFinite: z.strictObject({ points: z.int().min(0), gradients: z.int().min(0) }).optional(),
  /** Forward passes per attacked example. */
  meanQueries: z.number().min(0),
  /**
   * With `saveAdversarial`: the adversarial examples at this epsilon, after they were read back
   * from where they were saved.
   */
  saved: z
    .strictObject({
      examples: z.int().min(0),
      /** Still fool the model as loaded, in float32. */
      confirmed: z.int().min(0),
      /** Fool it after rounding to 8 bits, at whatever distance. */
      quantized: z.int().min(0),
      /** Fool it after rounding, and still lie in the ball. */
      quantizedInside: z.int().min(0),
    })
    .optional(),
});

/**
 * Smallest distances at which the rightly classified examples were fooled. Null stands for a
 * distance that was not found.
 */
const minimal = z.strictObject({
  /** Rightly classified, so that there is something to find. */
  examples: z.int().min(0),
  /** Of them those for which any point was found. */
  found: z.int().min(0),
  /** Over those that were found. */
  mean: z.number().min(0).nullable(),
  /** Over all of `examples`. */
  median: z.number().min(0).nullable(),
  quantiles: z.array(z.strictObject({ share: z.number().min(0).max(1), distance: z.number().min(0).nullable() })),
  /**
   * Steps [distance, share of all examples that are classified rightly and need more than it]; the
   * first is at 0.
   */
  curve: z.array(z.tuple([z.number().min(0), z.number().min(0).max(1)])).min(1),
});

const attackResult = z.strictObject({
  label: z.string(),
  /** Registry name. */
  attack: z.string(),
  options: z.json(),
  norm,
  restarts: z.int().min(1),
  /** `default` when the caller named none. */
  loss: z.string(),
  /** Why its numbers tell less than its name promises; left out where they do not. */
  caveat: z.string().optional(),
  /** One per finite epsilon, ascending; none for a minimal norm without a bound. */
  points: z.array(curvePoint),
  /** Of an attack that looks for a minimal norm and was run on every rightly classified example. */
  minimal: minimal.optional(),
});

const worstCase = z.strictObject({
  norm,
  points: z
    .array(
      z.strictObject({
        epsilon: z.number().min(0),
        /**
         * Classified rightly and withstood every attack in this norm at this or a smaller epsilon.
         */
        robust: proportion,
        /** Labels of those attacks. */
        attacks: z.array(z.string()).min(1),
      }),
    )
    .min(1),
});

const shown = z.strictObject({
  /** float32 values of the image, row-major, as base64 of little-endian bytes. */
  image: z.base64(),
  /** -1 where a score is NaN. */
  prediction: z.int().min(-1),
  /** Softmax probability of that class; 0 where there is none. */
  confidence: z.number().min(0).max(1),
});

const sample = z.strictObject({
  index: z.int(),
  label: z.int().min(0),
  clean: shown,
  /**
   * Per attack at its largest epsilon: the adversarial example, or the last point tried where the
   * attack failed. The epsilon is null for a minimal norm without a bound.
   */
  attacked: z.array(
    shown.extend({ attack: z.string(), norm, epsilon: z.number().min(0).nullable(), success: z.boolean() }),
  ),
});

/** What an evaluation found about one model. */
export const modelResult = z.strictObject({
  name: z.string().min(1),
  /** SHA-256 of weights and buffers; null for a model without any. */
  modelHash: z.string().nullable(),
  seed: z.int().min(0),
  batchSize: z.int().min(1),
  attackOn: z.enum(['all', 'survivors']),
  clean: proportion,
  /**
   * Classified rightly and withstood every attack at every epsilon; where every attack was without
   * a bound, those for which none found a point at any distance.
   */
  robust: proportion,
  attacks: z.array(attackResult),
  /** One per norm, in the order of the attacks. */
  worstCase: z.array(worstCase),
  /** One per certifier; left out where there was none. */
  certificates: z.array(certificateResult).optional(),
  /** One per norm in which a deterministic certifier of the model itself was asked; left out where none was. */
  bounds: z.array(robustBounds).optional(),
  /** The first examples of the data, not chosen by outcome. */
  samples: z.array(sample),
});
export type ModelResult = z.infer<typeof modelResult>;

/**
 * Float32 values as base64 of their little-endian bytes: exact, and a third of the size of decimal
 * text.
 */
export function encodeFloats(values: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => bytes.setFloat32(4 * i, value, true));
  return toBase64(new Uint8Array(bytes.buffer));
}

/** Bytes as base64, in any runtime; `btoa` would want a text of each byte first. */
export function toBase64(bytes: Uint8Array): string {
  const letters = new Uint8Array(4 * Math.ceil(bytes.length / 3)).fill(padding);
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) {
    const three = (bytes[from]! << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0);
    const count = Math.min(bytes.length - from, 3) + 1;
    for (let i = 0; i < count; i++) letters[to + i] = alphabet[(three >> (18 - 6 * i)) & 63]!;
  }
  return new TextDecoder().decode(letters);
}

const alphabet = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const padding = '='.charCodeAt(0);

/** The reverse of {@link encodeFloats}. */
export function decodeFloats(text: string): Float32Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length - (binary.length % 4));
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  const view = new DataView(bytes.buffer);
  const values = new Float32Array(bytes.length / 4);
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(4 * i, true);
  return values;
}
