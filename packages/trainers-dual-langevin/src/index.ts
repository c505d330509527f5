import { definePlugin } from '@advrob/core';
import { plainLangevin } from './inner/plain-langevin.js';
import { cvarPd } from './objectives/cvar-pd.js';
import { dalePdReverse } from './objectives/dale-pd-reverse.js';
import { dalePd } from './objectives/dale-pd.js';
import { dale } from './objectives/dale.js';
import { klDaleMultiPd } from './objectives/kl-dale-multi-pd.js';
import { klDalePd } from './objectives/kl-dale-pd.js';
import { dalePdReverseTrainer, dalePdTrainer } from './trainers/dale-pd.js';
import { gaussianDaleTrainer } from './trainers/gaussian-dale.js';
import { klDaleMultiPdTrainer, klDalePdTrainer } from './trainers/kl-dale-pd.js';
import { laplacianDaleTrainer } from './trainers/laplacian-dale.js';
import { randSmoothingTrainer } from './trainers/rand-smoothing.js';

export { primalDual, type ConstrainedLosses, type ConstrainedProblem } from './constrained/primal-dual.js';
export { cvarPd, dale, dalePd, dalePdReverse, klDaleMultiPd, klDalePd, plainLangevin };
export { dalePdReverseTrainer, dalePdTrainer, gaussianDaleTrainer, klDaleMultiPdTrainer, klDalePdTrainer };
export { laplacianDaleTrainer, randSmoothingTrainer };

export default definePlugin({
  name: '@advrob/trainers-dual-langevin',
  contract: 1,
  attacks: { 'plain-langevin': plainLangevin },
  objectives: {
    dale,
    'dale-pd': dalePd,
    'dale-pd-reverse': dalePdReverse,
    'kl-dale-pd': klDalePd,
    'kl-dale-multi-pd': klDaleMultiPd,
    'cvar-pd': cvarPd,
  },
  trainers: {
    'gaussian-dale': gaussianDaleTrainer,
    'laplacian-dale': laplacianDaleTrainer,
    'dale-pd': dalePdTrainer,
    'dale-pd-reverse': dalePdReverseTrainer,
    'kl-dale-pd': klDalePdTrainer,
    'kl-dale-multi-pd': klDaleMultiPdTrainer,
    'rand-smoothing': randSmoothingTrainer,
  },
});
