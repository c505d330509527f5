import type { RobustnessCheck } from '../record/record.js';

type Entry = Pick<RobustnessCheck, 'kind' | 'question' | 'measured' | 'meaning'> & {
  /** When it is found. */
  readonly severity: 'serious' | 'warning';
};

/**
 * Every check: causes first. Where they come from: Croce and Hein 2020 (AutoAttack's warnings),
 * Carlini et al. 2019, "On Evaluating Adversarial Robustness", Athalye et al. 2018, "Obfuscated
 * Gradients Give a False Sense of Security", and, where the meaning says so, Pintor et al. 2022,
 * "Indicators of Attack Failure". A new check takes a row here, a line in judge-causes.ts or
 * judge-symptoms.ts, and a model that raises it; tests say which of them is missing.
 */
export const catalogue = {
  'vanishing-gradients': {
    kind: 'cause',
    severity: 'serious',
    question: 'Do gradients vanish?',
    measured: 'share of rightly classified examples whose gradient is zero, too small for float32, or not a number',
    meaning:
      'The attack follows the gradient of the loss, and here there is none to follow: it stays where it is, and the model looks robust without being so. ' +
      'Rounding or thresholds inside the model, or very large logits, do this. Attack with a loss on the logits (margin, DLR), replace the step that has no gradient by one that has (BPDA), or use an attack without gradients.',
  },
  'probabilities-as-logits': {
    kind: 'cause',
    severity: 'serious',
    question: 'Are the outputs probabilities instead of logits?',
    measured: 'share of examples whose outputs are between 0 and 1 and add up to 1',
    meaning:
      'The model ends with a softmax, and the loss of the attack applies another one. Where the model is sure, the gradient is rounded to zero and the attack stops. ' +
      'Remove the last softmax, or take the logarithm of the outputs, and evaluate again. Gradients are judged only then.',
  },
  'random-forward': {
    kind: 'cause',
    severity: 'serious',
    question: 'Does the model give different outputs for the same input?',
    measured: 'largest relative difference of the logits between passes over the same examples',
    meaning:
      'The model is random: the attack takes its gradient from one model and is judged by another, and an example that withstood once may fall the next time. ' +
      "Average the gradient over many passes (expectation over transformation, AutoAttack's version 'rand') before trusting the number.",
  },
  'loop-in-forward': {
    kind: 'cause',
    severity: 'serious',
    question: 'Does the model optimise something while it classifies?',
    measured: 'gradients that the model itself computes in one forward pass',
    meaning:
      'The forward pass contains an optimisation of its own, such as a purification of the input. Gradients through such a loop are unreliable and standard attacks are too weak for it. ' +
      'Use attacks made for this defence; the number here is no evidence.',
  },
  'train-mode': {
    kind: 'cause',
    severity: 'serious',
    question: 'Does an output depend on the other examples of the batch?',
    measured:
      'largest relative change of the logits when an example gets other neighbours; 1 when a forward pass changes the buffers',
    meaning:
      'The model behaves as in training: batch norm uses the statistics of the batch, or updates them while it is evaluated. The result then depends on which examples are attacked together. ' +
      'Switch the model to evaluation mode.',
  },
  'black-box-beats-white-box': {
    kind: 'symptom',
    severity: 'serious',
    question: 'Does an attack without gradients find what gradient attacks miss?',
    measured: 'share of rightly classified examples that only the attack without gradients fooled',
    meaning:
      'An attack that knows less found adversarial examples that attacks with gradients did not: the gradients mislead (gradient masking), and the robust accuracy under the gradient attack is too high. ' +
      'Look at the causes, and report the worst case over both.',
  },
  'single-step-beats-iterative': {
    kind: 'symptom',
    severity: 'serious',
    question: 'Does one step find what many steps miss?',
    measured: 'share of rightly classified examples that only the single step fooled',
    meaning:
      'Many small steps should do at least as well as one large step. That they do not says that gradients near the example point the wrong way, as after training with single steps. ' +
      'Use more restarts, other step sizes and attacks without gradients.',
  },
  'transfer-beats-white-box': {
    kind: 'symptom',
    severity: 'serious',
    question: 'Do adversarial examples of another model fool this one where its own do not?',
    measured: 'share of rightly classified examples that only transferred examples fooled',
    meaning:
      'Adversarial examples made on another model, without knowing this one, work where the direct attack failed: this model hides its gradients. Report the worst case over both. ' +
      'The transfer indicator of Pintor et al. 2022 looks at the same from the other side.',
  },
  'other-attack-beats-white-box': {
    kind: 'symptom',
    severity: 'warning',
    question: 'Does a gradient attack of another kind find much more?',
    measured: 'share of rightly classified examples that only the other gradient attack fooled',
    meaning:
      'Another way to use the gradient, such as walking along the decision boundary or ascending another loss, fools many examples that the first attack could not: the first one is held up by flat or misleading parts of its loss, ' +
      'as thresholds and saturation make them. Its robust accuracy is too high; report the worst case.',
  },
  'robust-at-huge-epsilon': {
    kind: 'symptom',
    severity: 'serious',
    question: 'Does robustness remain when any change is allowed?',
    measured: 'share of rightly classified examples that withstand an unbounded perturbation',
    meaning:
      'With an unbounded perturbation the image can be replaced by one of another class, so every attack that works reaches 0%. What remains is a failure of the attack, not robustness, and the same failure is in the number at the small epsilon. ' +
      'Pintor et al. 2022 call it unconstrained attack failure.',
  },
  'more-steps-help': {
    kind: 'symptom',
    severity: 'warning',
    question: 'Do more steps find much more?',
    measured: 'share of rightly classified examples that only the longer attack fooled',
    meaning:
      'The attack was stopped before it was done: with more steps it fools more examples. Use the longer one, and go on until the number no longer falls.',
  },
  'more-restarts-help': {
    kind: 'symptom',
    severity: 'warning',
    question: 'Do more random starts find much more?',
    measured: 'share of rightly classified examples that only further starts fooled',
    meaning:
      'Whether the attack succeeds depends on where it starts: the loss around the examples is rugged, so that a single start is too few. Use restarts until the number no longer falls.',
  },
  'not-monotone': {
    kind: 'symptom',
    severity: 'warning',
    question: 'Does a larger epsilon miss what a smaller one finds?',
    measured:
      'share of rightly classified examples that were fooled at a smaller epsilon and not at the next larger one',
    meaning:
      'A larger ball contains the smaller one, so an attack that succeeds must succeed again. That it does not shows that it finds its way by luck, or that its step size does not fit.',
  },
  'loss-not-increasing': {
    kind: 'symptom',
    severity: 'warning',
    question: 'Does the attack fail to raise its loss?',
    measured:
      'share of rightly classified examples where no step of the attack was worse for the model than the clean example',
    meaning:
      'The attack does not even make the model less sure, so it measures nothing on these examples. Look at the causes, then at the step size.',
  },
  'incomplete-optimisation': {
    kind: 'symptom',
    severity: 'warning',
    question: 'Was the loss still rising when the attack ended?',
    measured:
      'mean share of the gain of the loss that fell into the last quarter of the steps, over examples that withstood',
    meaning:
      'The loss of the examples that withstood was still rising at the end: more steps or larger ones would raise it further, and may fool them. After the incomplete optimisation of Pintor et al. 2022.',
  },
  'silent-success': {
    kind: 'symptom',
    severity: 'warning',
    question: 'Does the attack pass adversarial examples without reporting them?',
    measured:
      'share of rightly classified examples that a step of the attack fooled inside the ball, and its result does not contain',
    meaning:
      'The attack was at an adversarial example and returned something else: a defect of the attack, or a random model that no longer confirms it. Pintor et al. 2022 call it silent success.',
  },
  'unstable-predictions': {
    kind: 'symptom',
    severity: 'warning',
    question: 'Does a tiny random change move the loss?',
    measured: 'mean relative change of the loss (at most 1) under random changes of a thousandth of the input range',
    meaning:
      'The loss jumps under changes far smaller than the attack makes: the gradient at a point says little about its surroundings, so that gradient attacks wander. Use smoothed gradients or attacks without gradients. ' +
      'After the unstable predictions of Pintor et al. 2022.',
  },
  'unconfirmed-successes': {
    kind: 'symptom',
    severity: 'warning',
    question: 'Do successes vanish when they are looked at again?',
    measured: 'successes during the attack that a fresh forward pass did not confirm, per rightly classified example',
    meaning:
      'The model was fooled during the attack and not when the same point was classified again. Points on the very boundary do this rarely; many of them mean a random model or one that depends on the batch.',
  },
  'not-reproducible': {
    kind: 'symptom',
    severity: 'warning',
    question: 'Do two runs with the same seed differ?',
    measured: 'share of examples for which the same attack with the same seed ended at another point',
    meaning:
      'The result cannot be reproduced: the model is random or keeps a state, or the backend adds up in changing order.',
  },
  'low-precision': {
    kind: 'symptom',
    severity: 'warning',
    question: 'Are the logits computed with 16 bits?',
    measured: 'bits of the floating point numbers',
    meaning:
      'With 16 bits small gradients are rounded to zero and small differences of the loss are lost, so that attacks fail that would succeed. Evaluate in float32.',
  },
  'too-few-classes': {
    kind: 'symptom',
    severity: 'warning',
    question: 'Are there too few classes for the DLR loss?',
    measured: 'number of classes',
    meaning:
      'The difference of logits ratio needs three classes, its targeted form four. With fewer it is not defined, and an attack that was chosen for it works with another loss or stops. Use cross-entropy and the margin.',
  },
} as const satisfies Readonly<Record<string, Entry>>;

export type CheckName = keyof typeof catalogue;

/** A check that was made: it speaks up where `isFound`. */
export function made(name: CheckName, value: number, threshold: number, isFound = value > threshold): RobustnessCheck {
  const { severity, ...words } = catalogue[name];
  return { name, ...words, severity: isFound ? severity : 'none', value, threshold };
}

/** A check that could not be made, or whose value cannot be judged. */
export function untested(name: CheckName, value: number | null = null): RobustnessCheck {
  const { severity: _, ...words } = catalogue[name];
  return { name, ...words, severity: 'untested', value, threshold: null };
}
