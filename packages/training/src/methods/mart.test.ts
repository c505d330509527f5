import { testObjective, testTrainer } from '../../test/support/contracts.js';
import { testLoss } from '../../test/support/torch.js';
import { mart, martTrainer } from './mart.js';

testLoss('mart', mart);
testObjective(mart, { refuses: [{ lambda: NaN }] });
testTrainer(martTrainer, { published: { passes: 120, rates: { 74: 0.01, 75: 0.001, 90: 1e-4, 100: 1e-5 } } });
