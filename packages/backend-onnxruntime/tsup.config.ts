import { preset } from '../../tooling/tsup/preset.js';

export default preset(
  { index: 'src/index.ts', register: 'src/register.ts', session: 'src/session.ts' },
  { platform: 'node', bundle: [/^@advrob\/core\/gradients$/] },
);
