import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';

/**
 * A schema of options: anything that implements Standard Schema and Standard JSON Schema (zod 4
 * does). Use strict objects, so that typing errors fail.
 */
export interface OptionSchema<Input = unknown, Output = Input> {
  readonly '~standard': StandardSchemaV1.Props<Input, Output> & StandardJSONSchemaV1.Props<Input, Output>;
}

/** The argument list of a factory: options may be left out when none is required. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- `{} extends I` asks whether every key is optional
export type OptionArguments<Input> = {} extends Input ? [options?: Input] : [options: Input];

/**
 * What every plugin part says about itself; `list`, the docs and the config schema are made from
 * it.
 */
export interface Definition<Input = unknown, Output = Input> {
  /** Registry name: lower case words joined by hyphens, as the literature writes it. */
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** Authors, year, title or link of the source. */
  readonly paper?: string;
  readonly options: OptionSchema<Input, Output>;
}

/**
 * A function from options to a plugin part that also shows its definition. Options are validated on
 * the call.
 */
export interface Factory<Input, Product, D extends Definition<Input, unknown> = Definition<Input, unknown>> {
  (...options: OptionArguments<Input>): Product;
  readonly definition: D;
}

/**
 * What a part of a run or a model was made from. The `define*` helpers fill it in; that of a part
 * enters the check that a resumed run has the same settings.
 */
export interface Origin {
  readonly name: string;
  /** The validated options. */
  readonly options: unknown;
}
