import { preset } from '../../tooling/tsup/preset.js';

export default preset(
  { index: 'src/index.ts', register: 'src/register.ts' },
  { platform: 'node', bundle: [/^@tensorflow\/tfjs-core\/dist\//] },
);
