import type { Norm } from '@advrob/core';
import type { RunRecord } from '@advrob/evaluation';
import { countText, epsilonText, listText, normText, percent, percentRange } from '../format.js';
import { html, type Html } from '../page/html.js';
import type { Subject } from '../subjects.js';

type Check = RunRecord['checks'][number];

/** Where the page has the section. */
const id = 'checks';

/** Of the checks of a model those that speak up. */
export function findingsOf({ model, record }: Subject): Check[] {
  return record.checks.filter(
    (check) => check.model === model.name && (check.severity === 'serious' || check.severity === 'warning'),
  );
}

type Tried = NonNullable<Check['attack']>;

/**
 * Of the checks of a model that speak up the attack that leaves least, inside a ball; undefined
 * where none leaves less than `rate`.
 */
export function strongerThan(
  rate: number,
  subject: Subject,
  { norm, epsilon }: { readonly norm?: Norm | undefined; readonly epsilon?: number | undefined },
): Tried | undefined {
  const tried = findingsOf(subject).flatMap(({ attack }) => attack ?? []);
  return tried
    .filter((attack) => attack.norm === norm && attack.epsilon <= (epsilon ?? -1) && attack.robust.rate < rate)
    .sort((a, b) => a.robust.rate - b.robust.rate)[0];
}

/** `apgd-dlr of the checks (L∞ 0.3)`. */
export function triedText({ name, norm, epsilon }: Tried): string {
  return `${name} of the checks (${normText(norm)} ${epsilonText(epsilon)})`;
}

/**
 * What was looked for that would make a robust accuracy too good to be true, what was found, and
 * what each finding means. Nothing without checks.
 */
export function checksSection(subjects: readonly Subject[]): Html | undefined {
  const checked = subjects.filter(({ model, record }) =>
    record.checks.some((check) => check.model === model.name && check.severity !== undefined),
  );
  if (checked.length === 0) return undefined;
  return html`<section>
    <h2 id="${id}">Checks for false robustness</h2>
    <p>
      A model can look robust because the attack fails on it. A cause is something in the model that makes attacks fail;
      a symptom is a result that a sound model under a sound attack does not show. No finding is no proof of robustness.
    </p>
    ${checked.map(checksOf)}
  </section>`;
}

function checksOf(subject: Subject): Html {
  const own = subject.record.checks.filter((check) => check.model === subject.model.name);
  const findings = findingsOf(subject);
  const questions = (severity: Check['severity']): string[] =>
    own.filter((check) => check.severity === severity).map(({ question, name }) => question ?? name);
  const [passed, untested] = [questions('none'), questions('untested')];
  return html`<h3>${subject.name}</h3>
    ${findings.length === 0 && html`<p class="good">Nothing was found in ${passed.length} ${passed.length === 1 ? 'check' : 'checks'}.</p>`}
    <ul class="checks">
      ${findings.map(finding)}
    </ul>
    ${passed.length > 0 && questionList('Looked for and not found', passed)}
    ${untested.length > 0 && questionList('Not tested', untested)}`;
}

function finding(check: Check): Html {
  const { kind, severity, question, name, meaning, measured, attack } = check;
  return html`<li>
    <b>${question ?? name}</b> <span class="bad">Yes</span> <small>${[severity, kind].filter(Boolean).join(' ')}</small>
    ${meaning !== undefined && html`<p>${meaning}</p>`}
    ${measured !== undefined && html`<p><small>Measured: ${measured}: ${valueText(check)}</small></p>`}
    ${
      attack &&
      html`<p>
        <small
          >Tried: ${attack.name}, ${normText(attack.norm)} ${epsilonText(attack.epsilon)}:
          ${percent(attack.robust.rate)} of ${countText(attack.robust.total)} examples withstand it and the attack of
          the claim (95% interval ${percentRange(attack.robust.interval)}%)</small
        >
      </p>`
    }
  </li>`;
}

/** `12.5%, expected at most 2.0%`. */
function valueText({ value, threshold, measured = '' }: Check): string {
  const text = (number: number): string =>
    /\bshare\b/.test(measured) ? percent(number) : String(Number(number.toPrecision(3)));
  if (value === undefined || value === null) return 'not known';
  if (threshold === undefined || threshold === null) return text(value);
  const bound = value > threshold ? 'at most' : value < threshold ? 'at least' : 'less than';
  return `${text(value)}, expected ${bound} ${text(threshold)}`;
}

function questionList(title: string, questions: readonly string[]): Html {
  return html`<details>
    <summary>${title}: ${questions.length}</summary>
    <ul>
      ${questions.map((question) => html`<li>${question}</li>`)}
    </ul>
  </details>`;
}

/**
 * What was no number under the attacks, in sentences: points that count as found, and gradients that
 * led nowhere.
 */
export function notFiniteText(subjects: readonly Subject[]): string[] {
  return subjects.flatMap(({ name, model }) => [
    ...(model.training?.notFiniteGradients
      ? [
          `${name}: ${model.training.notFiniteGradients} gradients of the attack in training were not finite and counted as zero; it trained on weaker examples than it should.`,
        ]
      : []),
    ...model.attacks.flatMap(({ label, points }) => {
      const found = points.map(({ notFinite }) => notFinite).filter((each) => each !== undefined);
      const [atPoints, gradients] = [found.map((each) => each.points), found.map((each) => each.gradients)].map((all) =>
        Math.max(0, ...all),
      ) as [number, number];
      return [
        ...(atPoints > 0
          ? [`${name}: at ${atPoints} adversarial points of ${label} a score is NaN; they count as found.`]
          : []),
        ...(gradients > 0
          ? [
              `${name}: ${gradients} gradients of ${label} were not finite and counted as zero; it may be weaker than it could be.`,
            ]
          : []),
      ];
    }),
  ]);
}

/** What {@link doubtText} says, as a link to the section. */
export function doubtLine(doubt: string | undefined): Html {
  return doubt === undefined ? html`` : html`<p class="bad"><a href="#${id}">${doubt}</a></p>`;
}

/** A sentence for under the answer when a finding speaks against it. */
export function doubtText(subjects: readonly Subject[]): string | undefined {
  const doubted = subjects.flatMap((subject) => {
    const serious = findingsOf(subject).filter(({ severity }) => severity === 'serious');
    return serious.length > 0
      ? [`${subject.name} (${listText(serious.map(({ name }) => name.replaceAll('-', ' ')))})`]
      : [];
  });
  return doubted.length === 0
    ? undefined
    : `Checks speak against the robust accuracy of ${listText(doubted)}: it may be too high.`;
}
