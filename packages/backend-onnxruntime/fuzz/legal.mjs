import { sumsExactly } from './meta.mjs';

/** Whether an op may take these inputs in a program of these traits, so that both backends must agree on its result. */
export function isLegal(op, metas, attrs, traits) {
  if (traits.gradient && !op.gradient && metas.some(({ dtype }) => dtype === 'float32')) return false;
  if (traits.nonfinite && !op.nonfinite) return false;
  const allExact = metas.every(({ exact }) => exact);
  if (op.jump && !allExact) return false;
  if (op.kink && traits.gradient && !allExact) return false;
  if (metas.some(({ maxAbs }) => maxAbs > 1e6)) return false;
  return op.accepts === undefined || op.accepts(metas, attrs);
}

/** Whether the op's result is free of rounding on any backend. */
export function staysExact(op, metas, attrs) {
  return op.exact !== undefined && metas.every(({ exact }) => exact) && sumsExactly(op.exact(metas, attrs));
}
