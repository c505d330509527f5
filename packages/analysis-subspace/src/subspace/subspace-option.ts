import type { Dataset } from '@advrob/core';
import { deadInputs, principalComponents, spanOf, withoutInputs, type Subspace } from '@advrob/datasets';
import * as z from 'zod';

const unused = z.strictObject({
  unused: z.array(z.int().min(0)).min(1).describe('flat indices of the input values that data never use'),
});
const basis = z.strictObject({
  basis: z.array(z.array(z.number())).min(1).describe('rows that span the subspace, each as long as an input'),
});
const made: z.ZodType<Subspace, Subspace> = z.any().refine(isSubspace, 'expected { unused }, { basis }, or a Subspace');

/** A subspace that needs no data, or one that is made already. */
export const givenSubspace = z.union([unused, basis, made]).describe('subspace that data lie on');
/** A subspace, also one that is found in the data of the analysis. */
export const foundSubspace = z
  .union([
    z.strictObject({ components: z.int().min(1).describe('leading principal components, without centring') }),
    z.strictObject({ dead: z.literal(true).describe('all input values that are not 0 in every example') }),
    unused,
    basis,
  ])
  .describe('subspace that data lie on');

/** @throws AdvrobError `ADVROB_OPTION` for indices or rows that fit no input of `size` values. */
export function resolveGiven(option: z.infer<typeof givenSubspace>, size: number): Subspace {
  if ('unused' in option) return withoutInputs(size, option.unused);
  return 'kind' in option ? option : spanOf(option.basis);
}

/** @throws AdvrobError as the functions that find it. */
export async function resolveFound(option: z.infer<typeof foundSubspace>, data: Dataset): Promise<Subspace> {
  if ('components' in option) return principalComponents(data, option.components);
  if ('dead' in option) return deadInputs(data);
  return resolveGiven(
    option,
    data.inputShape.reduce((product, extent) => product * extent, 1),
  );
}

function isSubspace(value: unknown): value is Subspace {
  return typeof value === 'object' && value !== null && 'kind' in value && 'size' in value && 'dimension' in value;
}
