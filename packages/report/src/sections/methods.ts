import { countText, epsilonText, listText, normText, settingsText } from '../format.js';
import { html, type Html } from '../page/html.js';
import type { Subject } from '../subjects.js';

/** What was run: models, and attacks with their settings. */
export function methodsSection(subjects: readonly Subject[]): Html {
  const attacks = new Map<string, { text: string; on: string[] }>();
  for (const { name, model } of subjects)
    for (const { label, attack, norm, restarts, loss, options, points, caveat } of model.attacks) {
      const text = [
        label === attack ? '' : attack,
        points.length === 0
          ? `${normText(norm)}, smallest perturbation without a bound`
          : `${normText(norm)}, epsilon ${listText(points.map(({ epsilon }) => epsilonText(epsilon)))}`,
        settingsText(options),
        restarts > 1 ? `${restarts} restarts` : '',
        loss === 'default' ? '' : `loss ${loss}`,
        caveat ?? '',
        model.attackOn === 'survivors' ? 'on survivors of the attacks before it' : '',
      ]
        .filter((part) => part !== '')
        .join('; ');
      const key = JSON.stringify([label, text]);
      const entry = attacks.get(key) ?? { text, on: [] };
      entry.on.push(name);
      attacks.set(key, entry);
    }
  return html`<section>
    <h2 id="methods">What was run</h2>
    <h3>Models</h3>
    <dl>
      ${subjects.map(
        ({ name, model }) =>
          html`<dt>${name}</dt>
            <dd>${modelText(model)}</dd>`,
      )}
    </dl>
    ${
      attacks.size > 0 &&
      html`<h3>Attacks</h3>
        <dl>
          ${[...attacks].map(
            ([key, { text, on }]) =>
              html`<dt>${String((JSON.parse(key) as string[])[0])}</dt>
                <dd>${text}${on.length < subjects.length ? ` (on ${listText(on)})` : ''}</dd>`,
          )}
        </dl>
        <p>
          An example counts as robust when it is classified rightly and no attack found a perturbation inside the ball
          that changes the class; every success was confirmed by a fresh forward pass. Attacks give an upper bound: a
          stronger one may find more.
        </p>`
    }
  </section>`;
}

function modelText({ description, architecture, training }: Subject['model']): string {
  const parts = [
    description ?? '',
    architecture ? `${architecture.name}, ${countText(architecture.parameters)} weights` : '',
    training ? `trained by ${training.method}, ${countText(training.steps)} steps, seed ${training.seed}` : '',
  ].filter((part) => part !== '');
  return parts.length > 0 ? parts.join('; ') : 'given as it is';
}
