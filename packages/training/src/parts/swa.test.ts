import { describe, expect, it } from 'vitest';
import { testAverager } from '../../test/support/contracts.js';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { expectWeights, fixtureData, fixtureModel } from '../../test/support/fixture.js';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../test/support/tiny-model.js';
import { shared, wrappers } from '../../test/support/wrappers.js';
import { fit } from '../fit/fit.js';
import { erm } from '../methods/erm.js';
import { sgd } from './sgd.js';
import { swa } from './swa.js';

testAverager(swa, { options: { start: 0 } });
expectNoLeaks();

describe('averages', () => {
  it.each(wrappers.averages.filter(({ averager }) => averager === 'swa'))(
    "$averager $options is PyTorch's AveragedModel",
    async ({ options, weights }) => {
      const model = fixtureModel();
      await fit({
        ...shared,
        model,
        data: fixtureData(),
        objective: erm(),
        optimizer: sgd({ momentum: 0.9 }),
        averager: swa(options),
      });
      await expectWeights(model.weights, weights, 1e-5);
      model.dispose!();
    },
  );

  it('are the weights themselves until swa starts, and are not measured before', async () => {
    const model = tinyModel();
    const validation = { data: tinyData({ length: 10, seed: 9 }) };
    const run = { model, data: tinyData(), objective: erm(), batchSize: 8, epochs: 3, validation };
    const { history } = await fit({ ...run, averager: swa({ start: 2 }) });
    const measured = history.flatMap((event) =>
      event.type === 'validation' ? [`${event.weights} ${event.epoch}`] : [],
    );
    expect(measured).toEqual(['trained 1', 'trained 2', 'trained 3', 'averaged 3']);
    const twin = tinyModel();
    const late = await fit({ ...run, model: twin, averager: swa({ start: 9 }) });
    expect(late.history.every((event) => event.type === 'metrics' || event.weights === 'trained')).toBe(true);
    const plain = tinyModel();
    await fit({ ...run, model: plain });
    const [averaged, trained] = [await valuesOf(twin), await valuesOf(plain)];
    for (const name of Object.keys(plain.weights)) expect(averaged[name]).toEqual(trained[name]);
    for (const { dispose } of [model, twin, plain]) dispose!();
  });

  it('swa wants to be told when it starts', () => {
    expect(() => swa({} as never)).toThrowError(expect.objectContaining({ code: 'ADVROB_OPTION' }));
  });
});
