import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

type Named = Readonly<Record<string, Tensor>>;

/** What of EntropySGD's options the inner steps use. */
interface LangevinOptions {
  readonly innerRate: number;
  readonly noise: number;
  readonly noiseScale: 'code' | 'paper';
  readonly avgKeep: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
}

/** Langevin dynamics of a model's weights around the anchor where they stood when it was opened. */
interface Langevin {
  /** Weights at the start. */
  readonly anchors: Named;
  /**
   * Moves the weights by one step with the gradients of the loss. `draw` gives standard normal
   * noise.
   */
  step(gradients: Named, draw: (name: string, shape: readonly number[]) => Tensor): void;
  /** Moving averages of the weights over the steps so far; they belong to the dynamics. */
  averages(): Named;
  /** Frees all but the weights, which stay where they are. */
  dispose(): void;
}

/**
 *     g = grad L(theta') + weightDecay theta';   u = momentum u + g;   g = g + momentum u
 *     theta' <- theta' - innerRate (g - pull (theta - theta')) + noise sqrt(2 innerRate) N(0, I)
 *     average <- avgKeep average + (1 - avgKeep) theta'
 *
 * @param pull gamma, the strength of the pull toward the anchor theta.
 */
export function openLangevin(model: Classifier, options: LangevinOptions, pull: number): Langevin {
  const { innerRate, noise, noiseScale, avgKeep, weightDecay } = options;
  const deviation = noise * Math.sqrt((noiseScale === 'code' ? 2 : 1) * innerRate);
  const weights = Object.entries(model.weights);
  const anchors = Object.fromEntries(weights.map(([name, weight]) => [name, tf.clone(weight as Tensor)]));
  let averages: Named = Object.fromEntries(weights.map(([name, weight]) => [name, tf.clone(weight as Tensor)]));
  let velocities: Named = {};

  const moved = (weight: Tensor, anchor: Tensor, direction: Tensor): Tensor => {
    const force = pull > 0 ? tf.sub(direction, tf.mul(tf.sub(anchor, weight), pull)) : direction;
    return tf.sub(weight, tf.mul(force, innerRate));
  };

  return {
    anchors,
    step(gradients, draw) {
      const before = [averages, velocities];
      [averages, velocities] = tf.tidy(() => {
        const nextAverages: Record<string, Tensor> = {};
        const nextVelocities: Record<string, Tensor> = {};
        for (const [name, weight] of weights) {
          const theta: Tensor = weight;
          const raw = weightDecay > 0 ? tf.add(gradients[name]!, tf.mul(theta, weightDecay)) : gradients[name]!;
          const { direction, velocity } = withMomentum(raw, velocities[name], options);
          const quiet = moved(theta, anchors[name]!, direction);
          const next = deviation > 0 ? tf.add(quiet, tf.mul(draw(name, weight.shape), deviation)) : quiet;
          nextAverages[name] = tf.add(tf.mul(averages[name]!, avgKeep), tf.mul(next, 1 - avgKeep));
          // The first velocity is the gradient itself, which its owner frees.
          if (velocity) nextVelocities[name] = tf.clone(velocity);
          weight.assign(next);
        }
        return [nextAverages, nextVelocities];
      });
      tf.dispose(before);
    },
    averages: () => averages,
    dispose: () => tf.dispose([anchors, averages, velocities]),
  };
}

/**
 * Direction and new velocity of a step with momentum, as `torch.optim.SGD` without dampening: v =
 * momentum * v + g; the direction is v, or g + momentum * v with Nesterov. Without momentum the
 * direction is g itself and there is no velocity.
 */
export function withMomentum(
  gradient: Tensor,
  velocity: Tensor | undefined,
  { momentum, nesterov }: Pick<LangevinOptions, 'momentum' | 'nesterov'>,
): { readonly direction: Tensor; readonly velocity?: Tensor } {
  if (momentum === 0) return { direction: gradient };
  const next = velocity ? tf.add(tf.mul(velocity, momentum), gradient) : gradient;
  return { direction: nesterov ? tf.add(gradient, tf.mul(next, momentum)) : next, velocity: next };
}
