import type { ModelComparison, PairedComparison } from '@advrob/evaluation';
import { countText, epsilonText, normText, percent, pointsText, probabilityText } from '../format.js';
import { html, type Html } from '../page/html.js';

/** Models against each other on the same examples. Nothing without comparisons. */
export function comparisonsSection(comparisons: readonly ModelComparison[]): Html | undefined {
  if (comparisons.length === 0) return undefined;
  return html`<section>
    <h2 id="comparisons">Paired comparisons</h2>
    <p>
      Two models judged on the same examples differ less by chance than their separate intervals suggest. Differences
      are in percentage points with 95% intervals of the paired bootstrap; p is that of McNemar's exact test, for one
      comparison each.
    </p>
    ${comparisons.map(comparisonTable)}
  </section>`;
}

function comparisonTable({ first, second, comparisons, skipped }: ModelComparison): Html {
  const examples = comparisons[0]?.first.total ?? 0;
  return html`<h3>${first} against ${second}</h3>
    <div class="scroll" role="region" tabindex="0" aria-label="${first} against ${second}">
      <table class="numbers">
        <caption>
          ${countText(examples)} examples
        </caption>
        <thead>
          <tr>
            ${['Measure', first, second, 'Difference', '95% interval', 'p'].map((head) => html`<th scope="col">${head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${comparisons.map(line)}
        </tbody>
      </table>
    </div>
    ${skipped.length > 0 && html`<p><small>Not compared: ${skipped.join('; ')}.</small></p>`}`;
}

function line(comparison: PairedComparison): Html {
  const { first, second, difference, test } = comparison;
  const cells = [
    percent(first.rate),
    percent(second.rate),
    pointsText(difference.difference),
    difference.interval.map(pointsText).join(' to '),
    probabilityText(test.pValue),
  ];
  return html`<tr>
    <th scope="row">${measure(comparison)}</th>
    ${cells.map((cell) => html`<td class="number">${cell}</td>`)}
  </tr>`;
}

function measure({ kind, attack, norm, epsilon }: PairedComparison): string {
  if (kind === 'clean') return 'Clean';
  return `${kind === 'attack' ? attack : 'Worst case'}, ${normText(norm!)} ${epsilonText(epsilon!)}`;
}
