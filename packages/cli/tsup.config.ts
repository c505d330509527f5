import { preset } from '../../tooling/tsup/preset.js';

export default preset({ index: 'src/index.ts', bin: 'src/bin.ts', job: 'src/job.ts' }, { platform: 'node' });
