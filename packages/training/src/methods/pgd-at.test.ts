import { testObjective, testTrainer } from '../../test/support/contracts.js';
import { inputs, labels, losses, testLoss } from '../../test/support/torch.js';
import { pgdAt, pgdAtAwpTrainer, pgdAtTrainer } from './pgd-at.js';

testLoss('pgd-at', pgdAt, () => ({ x: inputs(losses.values.moved), y: labels() }));
testObjective(pgdAt);
testTrainer(pgdAtTrainer, {
  published: { passes: 200, rates: { 0: 0.1, 99: 0.1, 100: 0.01, 149: 0.01, 150: 0.001 } },
});
testTrainer(pgdAtAwpTrainer, { published: { passes: 200, rates: { 99: 0.1, 100: 0.01, 150: 0.001 } } });
