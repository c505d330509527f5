import { definePlugin } from '@advrob/core';
import { fgsm } from './fgsm.js';
import { pgd } from './pgd.js';

/** Every attack of this package under its registry name. */
export const plugin = definePlugin({
  name: '@advrob/attacks',
  contract: 1,
  attacks: { fgsm, pgd },
});
