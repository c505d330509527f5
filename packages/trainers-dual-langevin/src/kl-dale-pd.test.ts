import { pgd } from '@advrob/attacks';
import type { Objective } from '@advrob/core';
import { trainerContract } from '@advrob/core/testing';
import { ema, fit, sgd, trades } from '@advrob/training';
import { describe, expect, it } from 'vitest';
import { suite, testObjective, testTrainer } from '../../training/test/support/contracts.js';
import { expectNoLeaks } from '../../training/test/support/cpu.js';
import { fixtureModel } from '../../training/test/support/fixture.js';
import { valuesOf } from '../../training/test/support/tiny-model.js';
import { testDaleLoss, testTenSteps } from '../test/support/dale.js';
import { common } from '../test/support/fixed-run.js';
import { expectClose, freshPairs, gradientOf } from '../test/support/gradient-of.js';
import { klDalePd, klDalePdTrainer } from './kl-dale-pd.js';

testDaleLoss('kl-dale-pd', klDalePd);
testObjective(klDalePd, { options: { dualStep: 0.1 } });
testTrainer(klDalePdTrainer, { options: { stepSize: 0.05 } });
suite(
  'trainer kl-dale-pd with EMA',
  trainerContract(() => ({ ...klDalePdTrainer(), averager: ema({ decay: 0.9 }) })),
);
testTenSteps('kl-dale-pd', klDalePdTrainer);
expectNoLeaks();

describe('the primal-dual problem with a fixed weight', () => {
  const site = freshPairs();

  it.each([1, 6])('KL-DALE with nu = 1 / %d has the gradient of TRADES over beta', (beta) => {
    const own = gradientOf(klDalePd({ nu: 1 / beta, dualStep: 0 }) as unknown as Objective, site.model, site.values);
    expectClose(own, gradientOf(trades({ beta }) as unknown as Objective, site.model, site.values), 1 / beta);
  });

  it('KL-DALE without a dual step trains as TRADES at a rate beta times as large', async () => {
    const beta = 4;
    const attack = pgd({ steps: 3, start: 'tinygauss' });
    const own = async (objective: Objective, learningRate: number) => {
      const trainee = fixtureModel();
      await fit({
        ...common,
        model: trainee,
        objective,
        attack,
        learningRate,
        optimizer: sgd(),
        epochs: 2,
      });
      const weights = await valuesOf(trainee);
      trainee.dispose!();
      objective.dispose?.();
      return weights;
    };
    const found = await own(klDalePd({ nu: 1 / beta, dualStep: 0 }) as unknown as Objective, 0.05 * beta);
    const wanted = await own(trades({ beta }) as unknown as Objective, 0.05);
    for (const [name, weights] of Object.entries(wanted))
      weights.forEach((value, i) => expect(Math.abs(found[name]![i]! - value)).toBeLessThan(1e-5));
  });
});
