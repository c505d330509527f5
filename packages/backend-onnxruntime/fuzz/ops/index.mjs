import { binaryOps } from './binary.mjs';
import { convolutionOps } from './convolutions.mjs';
import { elementwiseOps } from './elementwise.mjs';
import { indexingOps } from './indexing.mjs';
import { networkOps } from './networks.mjs';
import { reductionOps } from './reductions.mjs';
import { shapeOps } from './shapes.mjs';

/**
 * Everything a program is drawn from. An op is { name, draw(draft) -> { inputs, attrs }, run(tf, tensors, attrs) -> tensor } and
 *   accepts(metas, attrs)   which inputs keep it well conditioned and legal (default: all)
 *   exact(metas, attrs)     the { bound, grain } of its partial sums when it does not round (default: it rounds)
 *   jump                    its result jumps, so it takes exact inputs only
 *   kink                    its gradient jumps, so it takes exact inputs when gradients are taken
 *   gradient                it has a gradient in tfjs
 *   nonfinite               its treatment of NaN and infinities is defined and compared
 */
export const opGroups = [elementwiseOps, binaryOps, reductionOps, shapeOps, indexingOps, convolutionOps, networkOps];

export const opsByName = new Map(opGroups.flat().map((op) => [op.name, op]));
