import { preset } from '../../tooling/tsup/preset.js';

export default preset({ index: 'src/index.ts', pictures: 'src/pictures.ts' }, { platform: 'node' });
