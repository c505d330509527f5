import { AdvrobError, type Attack, type Classifier, type Dataset } from '@advrob/core';
import { createTracker, expectedOf, type RecordWarning } from '@advrob/evaluation';
import { encodeSafetensors, type TensorRecord } from '@advrob/core/safetensors';
import * as tf from '@tensorflow/tfjs-core';
import type { Command } from 'commander';
import { join } from 'node:path';
import { labelWarnings, radiusWarnings } from '../experiment/data-warnings.js';
import { loadAnyModel, modelName } from '../experiment/load-model.js';
import { checkModel, followGradients, modelWarnings, settingFor, sureWarnings } from '../experiment/model-check.js';
import { createModelShelf } from '../experiment/model-shelf.js';
import { workIn } from '../experiment/record.js';
import { lossNamed, makeComposed } from '../experiment/parts.js';
import { chooseParts } from '../flags/chosen-parts.js';
import {
  backendFlags,
  jsonFlag,
  lossFlag,
  normFlag,
  parseEpsilons,
  pluginFlag,
  restartsFlag,
  seedFlag,
} from '../flags/common-flags.js';
import { datasetFlag, exampleFlags, examplesOf } from '../flags/data-flags.js';
import { flag, type Values } from '../flags/flag.js';
import { loadOptionsOf, modelCheckFlag, modelFlag, modelFlags } from '../flags/model-flags.js';
import { writeAtomically } from '../storage/files.js';
import { terminalOutput, warningTexts } from '../output/terminal.js';
import { checkPictures, picturesText, savePictures, type Crafted } from '../output/pictures.js';
import { createProgress, followShare, percent } from '../output/progress.js';
import { addCommand, defaultFolder, ready, type Call } from './command.js';

const flags = [
  ...backendFlags,
  modelFlag,
  ...modelFlags,
  modelCheckFlag,
  datasetFlag,
  ...exampleFlags('the attack', 100),
  flag('--attack <name>', 'see: advrob list attacks', { required: true }),
  normFlag,
  flag('--epsilon <radius>', 'e.g. 0.3 or 8/255; inf for an attack that looks for a minimal norm', { required: true }),
  restartsFlag,
  lossFlag,
  seedFlag,
  pluginFlag,
  flag(
    '--save-pictures',
    'saves what fools the model as PNG files too, beside the originals, and judges them as saved',
  ),
  flag('--out <folder>', 'for adversarial.safetensors, and pictures/ where asked for; default below runs/'),
  jsonFlag,
] as const;
type AttackFlags = Values<typeof flags> & { readonly out: string };

/**
 * `advrob attack`: crafts adversarial examples and saves them: `adversarial.safetensors` (float32
 * `x`, `adversarial`, and per example `label`, `prediction`, `success`, `distance`), one row per
 * example in data-set order; and pictures of what fools the model where asked for.
 */
export function register(program: Command, call: Call): void {
  addCommand(
    program,
    'attack',
    'craft adversarial examples and save them',
    flags,
    (asked) => {
      const given = { ...asked, out: asked.out ?? defaultFolder(modelName(asked.model), call.args) };
      return workIn(given.out, terminalOutput(given.json), () => attackCommand(given, call));
    },
    ['attack --model net.onnx --attack cw --norm l2 --epsilon inf \\\n    --take 10 --save-pictures'],
  );
}

async function attackCommand(given: AttackFlags, { signal }: Call): Promise<void> {
  const { registry, output } = await ready(given);
  const parts = chooseParts(registry, given, given.set, ['attack']);
  const [epsilon, ...others] = parseEpsilons(given.epsilon);
  if (others.length > 0)
    throw new AdvrobError(
      'ADVROB_USAGE',
      '--epsilon: attack takes one radius; evaluate takes a list and gives a curve',
    );
  const data = await examplesOf(registry, parts.dataset[0]!, given);
  if (given.savePictures) checkPictures(data);
  const warnings: RecordWarning[] = [];
  const warn = (found: readonly RecordWarning[]): void => {
    output.warn(warningTexts(found));
    warnings.push(...found);
  };
  warn(radiusWarnings([{ norm: given.norm, epsilon: epsilon! }], data));
  const shelf = createModelShelf(registry, data);
  try {
    const attack = await makeComposed(registry, 'attacks', parts.attack[0]!, shelf.find);
    const model = await loadAnyModel(given.model, registry, loadOptionsOf(given, parts.architecture[0], data));
    shelf.add(given.model, model);
    const modelCheck = await checkModel(given.model, model, data, settingFor(given.modelCheck, [attack]));
    const name = modelName(given.model);
    if (followGradients([attack]))
      warn([...modelWarnings(name, modelCheck), ...(await sureWarnings(name, model, data))]);
    const { crafted, ids, withstood } = await craftAll(attack, model, data, epsilon!, given, signal);
    warn(labelWarnings(crafted.label, data, given.take));
    const file = join(given.out, 'adversarial.safetensors');
    await writeAtomically(
      file,
      encodeSafetensors(recordsOf(crafted, data), { modelCheck: JSON.stringify(modelCheck) }, { checksum: true }),
    );
    const saved = given.savePictures
      ? await savePictures(
          join(given.out, 'pictures'),
          { ...crafted, ids },
          { model, data, norm: given.norm, epsilon: epsilon! },
        )
      : undefined;
    output.result(
      {
        ...{ file, examples: data.length, robustAccuracy: withstood / data.length, modelCheck, warnings },
        ...(saved && { pictures: saved }),
      },
      () =>
        [
          `robust accuracy ${percent(withstood / data.length, 1)} of ${data.length}: ${file}`,
          ...(saved ? [picturesText(saved)] : []),
        ].join('\n'),
    );
  } finally {
    shelf.dispose();
  }
}

async function craftAll(
  attack: Attack,
  model: Classifier,
  data: Dataset,
  epsilon: number,
  { norm, seed, restarts, loss }: AttackFlags,
  signal: AbortSignal,
): Promise<{ crafted: Crafted; ids: Int32Array; withstood: number }> {
  const size = data.inputShape.reduce((product, side) => product * side, 1);
  const crafted: Crafted = {
    x: new Float32Array(data.length * size),
    adversarial: new Float32Array(data.length * size),
    label: new Int32Array(data.length),
    prediction: new Int32Array(data.length),
    success: new Int32Array(data.length),
    distance: new Float32Array(data.length),
  };
  const seen = new Int32Array(data.length);
  const chosen = loss === undefined ? {} : { loss: lossNamed(loss) };
  const progress = createProgress();
  let done = 0;
  let withstood = 0;
  const follow = followShare(attack.name, '', progress);
  const tell = (share: number, secondsLeft?: number): void =>
    follow(
      done === 0 ? 'first batch' : `${done}/${data.length}, robust ${percent(withstood / done, 1)}`,
      share,
      secondsLeft,
    );
  tell(0);
  const tracker = createTracker({
    runs: [{ label: attack.name, norm, epsilon, expected: expectedOf(attack, restarts, norm) }],
    total: data.length,
    earlier: [],
    standing: () => ({ done, robust: withstood }),
    report: ({ fraction, secondsLeft }) => tell(fraction, secondsLeft),
  });
  try {
    for await (const { x, y, ids } of data.batches({ size: 100 })) {
      try {
        // There is no pass without an attack.
        tracker.begin(-1, ids.length).end();
        const work = tracker.begin(0, ids.length);
        const call = { seed, ids, restarts, signal, onProgress: work.step, ...chosen };
        const result = await attack.run(model, x, y, { norm, epsilon }, call);
        crafted.x.set(await x.data<'float32'>(), done * size);
        crafted.adversarial.set(await result.adversarial.data<'float32'>(), done * size);
        result.adversarial.dispose();
        seen.set(ids, done);
        crafted.label.set(await y.data<'int32'>(), done);
        crafted.prediction.set(result.prediction, done);
        crafted.success.set(result.success, done);
        crafted.distance.set(result.distance, done);
        done += ids.length;
        withstood += Math.round(result.robustAccuracy * ids.length);
        work.end();
        tracker.report(0);
      } finally {
        tf.dispose([x, y]);
      }
    }
  } finally {
    progress.end();
  }
  return { crafted, ids: seen, withstood };
}

function recordsOf(crafted: Crafted, data: Dataset): Map<string, TensorRecord> {
  const images = [data.length, ...data.inputShape];
  const entries = Object.entries(crafted as unknown as Record<string, Float32Array | Int32Array>);
  return new Map(
    entries.map(([name, values]): [string, TensorRecord] => [
      name,
      {
        dtype: values instanceof Float32Array ? 'float32' : 'int32',
        shape: values.length === data.length ? [data.length] : images,
        data: values,
      },
    ]),
  );
}
