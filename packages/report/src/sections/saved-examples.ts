import { countText, epsilonText, normText } from '../format.js';
import { html, type Html } from '../page/html.js';
import type { Subject } from '../subjects.js';

/**
 * What became of adversarial examples that were saved and read back, at the largest epsilon of each
 * attack. Nothing when none were saved.
 */
export function savedExamplesSection(subjects: readonly Subject[]): Html | undefined {
  const lines = subjects.flatMap(({ name, model }) =>
    model.attacks.flatMap(({ label, norm, points }) => {
      const point = points.at(-1);
      if (!point?.saved || point.saved.examples === 0) return [];
      const { examples, confirmed, quantized, quantizedInside } = point.saved;
      return [
        html`<li>
          <b>${name}</b>, ${label}, ${normText(norm)} ${epsilonText(point.epsilon)}: of ${countText(examples)} saved
          examples ${countText(confirmed)} fool the model as loaded in float32; after rounding to 8 bits
          ${countText(quantized)}, of which ${countText(quantizedInside)} still lie in the ball.
        </li>`,
      ];
    }),
  );
  if (lines.length === 0) return undefined;
  return html`<section>
    <h2 id="saved-examples">Saved adversarial examples</h2>
    <p>
      Every adversarial example was saved, read back and classified again. An image file holds 8 bits per value, and
      rounding to them may undo an attack or carry a point out of the ball, so this is counted apart.
    </p>
    <ul>
      ${lines}
    </ul>
  </section>`;
}
