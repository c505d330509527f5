import { preset } from '../../tooling/tsup/preset.js';

export default preset({ export: 'src/export.ts', index: 'src/index.ts' });
