import { backendFlags, jsonFlag, lossFlag, normFlag, pluginFlag, restartsFlag, seedFlag } from './common-flags.js';
import { datasetFlag, exampleFlags } from './data-flags.js';
import { flag, wholeNumber, type Values } from './flag.js';
import { modelCheckFlag, modelFlag, modelFlags } from './model-flags.js';

/** What an evaluation is, and where it goes. */
export const evaluationFlags = [
  ...backendFlags,
  modelFlag,
  ...modelFlags,
  modelCheckFlag,
  datasetFlag,
  ...exampleFlags('every attack that has it'),
  flag('--attack <name>', 'see: advrob list attacks; may be repeated', { repeated: true, required: true }),
  flag('--certify <name>', 'certifies beside the attacks, see: advrob list certifiers; may be repeated', {
    repeated: true,
  }),
  normFlag,
  flag('--epsilon <radius>', 'e.g. 0.3, 8/255, a list 2/255,4/255; inf for a minimal norm', { required: true }),
  restartsFlag,
  lossFlag,
  flag('--batch-size <n>', undefined, { read: wholeNumber(1), default: 100 }),
  flag('--checks', 'looks for signs that the robust accuracy is too good to be true'),
  flag('--save-adversarial', 'saves adversarial examples and judges them again as loaded, also in 8 bits'),
  seedFlag,
  pluginFlag,
  flag(
    '--out <folder>',
    'for record.json and examples.jsonl, default below runs/; started again, it goes on where it was stopped',
  ),
  jsonFlag,
] as const;

/** An evaluation as the command line describes it: plain data, which another process can be told. */
export type EvaluationFlags = Values<typeof evaluationFlags>;

/** How an evaluation is divided; its result does not depend on it. */
export const divisionFlags = [
  flag(
    '--shard <i/n>',
    'computes part i of n alone, from 0, to be merged; auto: as SLURM or Kubernetes number the task',
  ),
  flag('--jobs <n>', 'processes on this machine that share the work, each of --threads threads, by default one', {
    read: wholeNumber(1),
    default: 1,
  }),
] as const;
