import { preset } from '../../tooling/tsup/preset.js';

export default preset(
  {
    index: 'src/index.ts',
    registry: 'src/registry.ts',
    errors: 'src/errors.ts',
    attack: 'src/attack.ts',
    threat: 'src/threat.ts',
    losses: 'src/losses.ts',
    rows: 'src/rows.ts',
    random: 'src/random.ts',
    statistics: 'src/statistics.ts',
    settle: 'src/settle.ts',
    identity: 'src/identity.ts',
    sha256: 'src/sha256.ts',
    figure: 'src/figure.ts',
    gradients: 'src/gradients.ts',
    safetensors: 'src/safetensors.ts',
    testing: 'src/testing.ts',
  },
  { bundle: [/^@tensorflow\/tfjs-core\/dist\//] },
);
