import { defineAnalysis, stopIfAborted, type Attack } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import { flatRows, labelsOf } from '@advrob/core/rows';
import { meanOf, medianOf } from '@advrob/core/statistics';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';

/**
 * Two estimates, from an attack that searches the smallest perturbation and from the gradients of the
 * loss: empirical robustness, the median over the rightly classified examples of ||d|| / ||x|| in L2
 * (Moosavi-Dezfooli et al. 2016, https://arxiv.org/abs/1511.04599, section 4, who have the mean), and
 * local loss sensitivity, the mean L2 norm of the input gradient of the cross-entropy (Arpit et al.
 * 2017, https://arxiv.org/abs/1706.05394).
 *
 * Examples that the attack does not fool count as Infinity, so that the best model has no worse a number
 * than others: a median of null is infinite. ART gives 0 where nothing was fooled.
 *
 * Result: `{ examples, found, empiricalRobustness, lossSensitivity, findings }`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for an attack with a fixed budget.
 * @example
 * ```ts
 * import { deepfool } from '@advrob/attacks';
 * import { empiricalRobustness } from '@advrob/certification';
 * const analysis = empiricalRobustness({ attack: deepfool() });
 * ```
 */
export const empiricalRobustness = defineAnalysis({
  name: 'empirical-robustness',
  summary: 'Median relative size of the smallest perturbation, and the mean gradient of the loss: estimates.',
  paper: 'Moosavi-Dezfooli et al. 2016, DeepFool, https://arxiv.org/abs/1511.04599',
  roles: ['model'],
  options: z.strictObject({
    attack: z
      .custom<Attack>(
        (value) => (value as Partial<Attack> | undefined)?.definition?.budget === 'minimal',
        'an attack that looks for a minimal norm in L2, such as deepfool()',
      )
      .meta({ advrob: 'attack', description: 'attack that looks for a minimal norm in L2, such as deepfool' }),
    batchSize: z.int().min(1).default(100),
  }),
  async analyze({ models: { model }, data, signal, memo }, { attack, batchSize }) {
    const relative: number[] = [];
    const slopes: number[] = [];
    for await (const { x, y, ids } of data.batches({ size: batchSize })) {
      stopIfAborted(signal);
      const found = await memo(`empirical-robustness ${ids[0]!}`, async () => {
        const result = await attack.run(model, x, y, { norm: 'l2', epsilon: Infinity }, { ids, signal });
        result.adversarial.dispose();
        const [sizes, norms, labels] = tf.tidy(() => {
          const rows = x.shape[0]!;
          // The loss is a mean: times the rows it is that of each.
          const gradient = tf.grad((at: tf.Tensor) => tf.mul(meanCrossEntropy(model.logits(at), y), rows))(x);
          const lengths = (of: tf.Tensor): tf.Tensor => tf.sqrt(tf.sum(tf.square(flatRows(of)), 1));
          return [lengths(x), lengths(gradient), labelsOf(model.logits(x))] as const;
        });
        const [size, slope, predicted, label] = await Promise.all([
          sizes.data(),
          norms.data(),
          labels.data(),
          y.data(),
        ]);
        tf.dispose([sizes, norms, labels]);
        const right = Array.from(label, (_, row) => row).filter((row) => predicted[row] === label[row]);
        return {
          slopes: Array.from(slope),
          // JSON has no Infinity.
          relative: right.map((row) => (result.closest[row]! < Infinity ? result.closest[row]! / size[row]! : null)),
        };
      }).finally(() => tf.dispose([x, y]));
      relative.push(...found.relative.map((value) => value ?? Infinity));
      slopes.push(...found.slopes);
    }
    const median = relative.length === 0 ? NaN : medianOf(relative);
    const reached = relative.filter((value) => value < Infinity).length;
    const sensitivity = meanOf(slopes);
    return {
      examples: relative.length,
      found: reached,
      empiricalRobustness: Number.isFinite(median) ? median : null,
      lossSensitivity: sensitivity,
      findings: [
        `Empirical robustness, an estimate: half of the ${relative.length} rightly classified examples need a perturbation of more than ${Number.isFinite(median) ? `${(100 * median).toPrecision(3)}% of their own L2 norm` : 'any that was found'} (${attack.name} fooled ${reached}). The gradient of the loss has a mean L2 norm of ${sensitivity.toPrecision(3)}.`,
      ],
    };
  },
});
