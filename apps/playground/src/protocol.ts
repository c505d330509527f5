// What the page and its worker say to each other. Arrays of numbers are copied; nothing is shared.
import type { Norm } from '@advrob/core';

export type BackendName = 'wasm' | 'webgl' | 'cpu';

/** An option of an attack that the page offers. */
export interface OptionInfo {
  readonly name: string;
  readonly kind: 'integer' | 'number' | 'boolean' | 'choice';
  /** What stands for "left out" is undefined. */
  readonly value: number | string | boolean | undefined;
  readonly choices: readonly string[];
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly description: string;
}

export interface AttackInfo {
  readonly name: string;
  readonly summary: string;
  readonly knowledge: string;
  readonly budget: 'fixed' | 'minimal';
  readonly norms: readonly Norm[];
  readonly options: readonly OptionInfo[];
}

export type Options = Readonly<Record<string, number | string | boolean>>;

/** What an attack may do, and how it is set. */
export interface Plan {
  readonly attack: string;
  readonly options: Options;
  readonly norm: Norm;
  readonly epsilon: number;
}

/** How the visitor's network takes its inputs. */
export type Expects = 'unit' | 'bytes' | 'signed' | 'imagenet';

/** A model by `mnist/pgd-at`, or `own` for the visitor's. */
export interface ModelInfo {
  readonly name: string;
  readonly inputShape: readonly number[];
  readonly numClasses: number;
}

/** A picture for one model: values in [0, 1], channels last, of the model's shape. */
export interface Subject {
  readonly side: number;
  readonly model: string;
  readonly pixels: Float32Array;
}

export interface Attacked {
  readonly side: number;
  /** The class that was attacked: that of the picture, or where none is known what the model says. */
  readonly label: number;
  readonly clean: { readonly logits: Float32Array; readonly prediction: number };
  /** Where the attack led, or the first point that fools; the clean picture where there is neither. */
  readonly found: { readonly pixels: Float32Array; readonly logits: Float32Array; readonly prediction: number };
  /** `wrong` before any attack; `tried`: withstood, and `found` is the last try; `none`: withstood, nothing to show. */
  readonly outcome: 'wrong' | 'fooled' | 'tried' | 'none';
  /** Of `found` from the picture, in every norm; L0 counts values. */
  readonly distances: { readonly linf: number; readonly l2: number; readonly l1: number; readonly l0: number };
  /** Smallest distance at which the model was fooled, in the norm of the attack; Infinity where never. */
  readonly closest: number;
  readonly queries: number;
  readonly milliseconds: number;
}

/** Robust accuracy of one model so far, with its 95% Wilson interval, at rising radii; the first is 0: clean. */
export interface Measured {
  readonly side: number;
  readonly done: number;
  readonly points: readonly { epsilon: number; right: number; rate: number; low: number; high: number }[];
}

export type Request =
  | { readonly kind: 'start'; readonly backend: BackendName }
  | {
      readonly kind: 'open';
      readonly files: readonly { name: string; bytes: Uint8Array }[];
      readonly expects: Expects;
    }
  | {
      readonly kind: 'attack';
      readonly job: number;
      readonly plan: Plan;
      readonly label: number | undefined;
      readonly subjects: readonly Subject[];
    }
  | {
      readonly kind: 'measure';
      readonly job: number;
      readonly plan: Plan;
      readonly count: number;
      readonly epsilons: readonly number[];
      readonly models: readonly string[];
    };

export type Answer =
  | { readonly kind: 'ready'; readonly backend: BackendName; readonly attacks: readonly AttackInfo[] }
  | { readonly kind: 'opened'; readonly model: ModelInfo }
  | { readonly kind: 'attacked'; readonly job: number; readonly result: Attacked }
  | { readonly kind: 'measured'; readonly job: number; readonly result: Measured }
  | { readonly kind: 'done'; readonly job: number }
  /** `side` where one of the two models failed alone. */
  | { readonly kind: 'failed'; readonly job: number | undefined; readonly side?: number; readonly message: string };
