import type { Extras, Objective } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { testObjective } from '../../test/support/contracts.js';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../test/support/tiny-model.js';
import { inputs, losses, scores, testLoss } from '../../test/support/torch.js';
import { fit } from '../fit/fit.js';
import { distillationLoss, kd, teacherLogits } from './kd.js';

/** Logits of a teacher that depend on the example alone. */
const extras = (ids: Int32Array) => ({
  teacher: tf.tidy(() => tf.sin(tf.mul(tf.outerProduct(tf.tensor1d([...ids]), tf.tensor1d([1, 2, 3])), 0.7))),
});

testLoss('kd', kd, () => ({ x: inputs(losses.values.x), teacher: scores(losses.values.robust) }));
testObjective(kd, {
  options: { temperature: 2 },
  variants: { 'kd of logits': { loss: 'mse' } },
  extras,
  refuses: [{ temperature: 0 }],
});
expectNoLeaks();

describe('distillation', () => {
  it('has its value at a high temperature, half the mean square of the centred difference over K', () => {
    const [teacher, student] = [tf.tensor2d([[4, -1, 0]]), tf.tensor2d([[1, 2, -3]])];
    const loss = tf.tidy(() => distillationLoss(teacher, student, 1000).dataSync()[0]!);
    expect(loss / ((3 ** 2 + 3 ** 2 + 3 ** 2 - 3 ** 2 / 3) / 6)).toBeCloseTo(1, 1.9);
    tf.dispose([teacher, student]);
  });

  it('reads logits that were computed once, in the order of the data', async () => {
    const [teacher, model] = [tinyModel({ seed: 5, dropout: 0.5 }), tinyModel()];
    const data = tinyData({ length: 20 });
    const logits = await teacherLogits(teacher, data, { batchSize: 8 });
    expect(logits.shape).toEqual([20, 3]);
    const seen: number[] = [];
    const objective = kd({ temperature: 2 });
    const spying: typeof objective = {
      ...objective,
      async prepare(batch, how) {
        const values = await objective.prepare(batch, how);
        const direct = teacher.logits(batch.x);
        const [a, b] = [await values.teacher.data(), await direct.data()];
        direct.dispose();
        a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 5));
        seen.push(a.length);
        return values;
      },
    };
    const before = await valuesOf(teacher);
    await fit({ model, data: data.withExtras({ teacher: logits }), objective: spying, batchSize: 6, epochs: 1 });
    expect(seen).toEqual([18, 18, 18]);
    expect(await valuesOf(teacher)).toEqual(before);
    logits.dispose();
    teacher.dispose!();
    model.dispose!();
  });

  it('brings the student to its teacher', async () => {
    const [teacher, model] = [tinyModel({ seed: 5 }), tinyModel()];
    const data = tinyData({ length: 40 });
    const logits = await teacherLogits(teacher, data);
    const { history } = await fit({
      model,
      data: data.withExtras({ teacher: logits }),
      objective: kd(),
      batchSize: 20,
      learningRate: 0.3,
      epochs: 60,
      logEvery: 20,
    });
    const losses = history.flatMap((event) => (event.type === 'metrics' ? [event.loss['total']!] : []));
    expect(losses.at(-1)!).toBeLessThan(0.2 * losses[0]!);
    logits.dispose();
    teacher.dispose!();
    model.dispose!();
  });

  it('says what is missing, and stops on request', async () => {
    const model = tinyModel();
    const objective = kd() as unknown as Objective<Extras, Extras>;
    const run = fit({ model, data: tinyData() as never, objective, steps: 1, batchSize: 8 });
    await expect(run).rejects.toMatchObject({ code: 'ADVROB_DATASET' });
    const aborted = teacherLogits(model, tinyData(), { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: 'ADVROB_ABORTED' });
    model.dispose!();
  });
});
