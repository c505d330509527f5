import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Direction and new velocity of a step with momentum, as `torch.optim.SGD` without dampening: v = momentum * v + g; the direction is v, or
 * g + momentum * v with Nesterov. Without momentum the direction is g itself and there is no velocity.
 */
export function withMomentum(
  gradient: Tensor,
  velocity: Tensor | undefined,
  { momentum, nesterov }: { readonly momentum: number; readonly nesterov: boolean },
): { readonly direction: Tensor; readonly velocity?: Tensor } {
  if (momentum === 0) return { direction: gradient };
  const next = velocity ? tf.add(tf.mul(velocity, momentum), gradient) : gradient;
  return { direction: nesterov ? tf.add(gradient, tf.mul(next, momentum)) : next, velocity: next };
}
