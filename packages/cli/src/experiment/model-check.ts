import { AdvrobError, type Attack, type Classifier, type Dataset } from '@advrob/core';
import type { RecordWarning, RobustnessCheck } from '@advrob/evaluation';
import { margin } from '@advrob/core/losses';
import { checkClassifier } from '@advrob/models';
import type { OnnxClassifier } from '@advrob/models/onnx';
import * as tf from '@tensorflow/tfjs-core';
import type { ModelCheckSetting } from '../config/schema.js';

/**
 * Examples of the data that a model is checked on, spread over it: fewer large ones, each of which
 * has more values to find a wrong slope by.
 */
const examples = (valuesOfOne: number): number => (valuesOfOne > 50_000 ? 4 : 8);

/** Name of the check in a record. */
export const modelCheckName = 'gradient-differences';

/**
 * Checks a model before anything is reported of it: finite weights and scores, and a gradient that
 * agrees with differences of the scores. It costs about as much as one step of an attack on 100
 * examples.
 *
 * @param setting `warn` goes on with a wrong gradient, and the check says so.
 * @throws AdvrobError what `checkClassifier` throws.
 */
export async function checkModel(
  name: string,
  model: Classifier,
  data: Dataset | undefined,
  setting: ModelCheckSetting,
): Promise<RobustnessCheck> {
  if (isQuantized(model)) return straightThrough;
  const x = data && (await examplesFor(model, data));
  try {
    const { agreeing, disagreeing } = await checkClassifier(model, name, { x });
    const told = agreeing + disagreeing;
    return checkOf(
      told === 0 ? 'untested' : 'none',
      told === 0 ? null : disagreeing / told,
      told === 0
        ? 'The scores did not move, or bend everywhere: differences tell nothing of the gradient.'
        : 'Attacks that follow the gradient follow the scores.',
    );
  } catch (error) {
    if (setting === 'stop' || !(error instanceof AdvrobError) || !isOfGradient(error))
      throw isOfGradient(error) ? withAdvice(error) : error;
    // Attacks that ask for a gradient are refused there, so nothing can be reported by a missing one.
    if (error.code === 'ADVROB_GRADIENT_MISSING') return checkOf('untested', null, error.message);
    return checkOf('serious', null, `${error.message}. Told to go on (model check: warn).`);
  } finally {
    x?.dispose();
  }
}

/**
 * Of a quantised ONNX file. Its scores are stairs, of which differences say nothing; that its
 * gradients are estimates is a warning in every record of it.
 */
const straightThrough: RobustnessCheck = {
  name: modelCheckName,
  kind: 'cause',
  severity: 'warning',
  value: null,
  threshold: 0.5,
  question: 'Are the gradients estimates, straight through the roundings of a quantised file?',
  measured: 'whether the file has operators of quantised values',
  meaning:
    'An attack by gradients may miss what another finds: put one without gradients beside, such as square, and take the worst of both.',
};

function isQuantized(model: Classifier): boolean {
  const { onnx } = model as Partial<OnnxClassifier>;
  return onnx !== undefined && onnx.isQuantized && !onnx.isBlackBox;
}

/**
 * What the check of a model says against the numbers of attacks that follow its gradient: that it is
 * wrong, an estimate, or could not be checked.
 */
export function modelWarnings(model: string, { severity, meaning }: RobustnessCheck): RecordWarning[] {
  return severity === 'none' ? [] : [{ model, message: `${heads[severity]}: ${meaning}` }];
}

const heads: Readonly<Record<'serious' | 'warning' | 'untested', string>> = {
  serious: 'its gradient disagrees with its scores',
  warning: 'its gradients are estimates, straight through the roundings of a quantised file',
  untested: 'its gradient could not be checked',
};

/**
 * Lead of the best logit beyond which float32 has next to no gradient of cross-entropy: `1 - p` comes
 * near its smallest number, e^-87.
 */
const widestLead = 80;

/**
 * Says of a model that is too sure that attacks along cross-entropy stand still on it: a robust
 * accuracy that is not there. Looks at the examples of the check.
 */
export async function sureWarnings(name: string, model: Classifier, data: Dataset): Promise<RecordWarning[]> {
  const x = await examplesFor(model, data);
  if (x === undefined) return [];
  const leads = tf.tidy(() => {
    const logits = model.logits(x);
    return tf.neg(margin(logits, tf.argMax(logits, 1)));
  });
  const values = await leads.data().finally(() => tf.dispose([x, leads]));
  const sure = values.filter((lead) => lead > widestLead).length;
  if (sure === 0) return [];
  return [
    {
      model: name,
      message:
        `the best score of ${sure} of ${values.length} examples looked at leads by more than ${widestLead}: there float32 has no gradient of cross-entropy, ` +
        'and fgsm, pgd and apgd-ce stand still. Put --loss margin, apgd-dlr, deepfool or square beside, and take the worst of all',
    },
  ];
}

/** Checks models by their names, each once. */
export async function checkModels(
  models: readonly { readonly name: string; readonly model: Classifier; readonly data?: Dataset | undefined }[],
  setting: ModelCheckSetting,
): Promise<ReadonlyMap<string, RobustnessCheck>> {
  const checks = new Map<string, RobustnessCheck>();
  for (const { name, model, data } of models)
    if (!checks.has(name)) checks.set(name, await checkModel(name, model, data, setting));
  return checks;
}

/** A wrong gradient stops nothing where no attack looks at it. */
export function settingFor(setting: ModelCheckSetting, attacks: readonly Attack[]): ModelCheckSetting {
  return followGradients(attacks) ? setting : 'warn';
}

export function followGradients(attacks: readonly Attack[]): boolean {
  return attacks.some(({ definition }) => definition.knowledge === 'gradients');
}

function checkOf(severity: RobustnessCheck['severity'], value: number | null, meaning: string): RobustnessCheck {
  return {
    name: modelCheckName,
    kind: 'cause',
    severity,
    value,
    threshold: 0.5,
    question: 'Does the gradient disagree with differences of the scores?',
    measured: 'share of slopes that disagree',
    meaning,
  };
}

function isOfGradient(error: unknown): error is AdvrobError {
  return (
    error instanceof AdvrobError && (error.code === 'ADVROB_GRADIENT_WRONG' || error.code === 'ADVROB_GRADIENT_MISSING')
  );
}

function withAdvice(error: AdvrobError): AdvrobError {
  const message = error.message.replace(` [${error.code}]`, '');
  return new AdvrobError(
    error.code,
    `${message}. To go on nevertheless, said in the record: --model-check warn (in a config modelCheck: warn)`,
    { cause: error },
  );
}

/** Inputs of the model out of the data; undefined where the two do not fit, which others say. */
async function examplesFor(model: Classifier, data: Dataset): Promise<tf.Tensor | undefined> {
  const fits =
    model.inputShape.join() === data.inputShape.join() &&
    data.bounds[0] >= model.bounds[0] &&
    data.bounds[1] <= model.bounds[1];
  if (!fits) return undefined;
  const count = Math.min(examples(tf.util.sizeFromShape([...model.inputShape])), data.length);
  const spread = data.subset(Int32Array.from({ length: count }, (_, i) => Math.floor((i * data.length) / count)));
  for await (const { x, y } of spread.batches({ size: Math.max(count, 1) })) {
    y.dispose();
    return x;
  }
  return undefined;
}
