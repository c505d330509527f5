import { certificateTexts } from '@advrob/evaluation/certificates';
import { html, type Html } from '../page/html.js';
import type { Subject } from '../subjects.js';

/** What certifiers have shown, a sentence each, beginning with the model. */
export function certificateSentences(subjects: readonly Subject[]): string[] {
  return subjects.flatMap(({ name, model }) => certificateTexts(model).map((text) => `${name}, ${text}`));
}

/** Lower bounds of robust accuracy, with what each holds for. Nothing when nothing was certified. */
export function certificatesSection(subjects: readonly Subject[]): Html | undefined {
  const sentences = certificateSentences(subjects);
  if (sentences.length === 0) return undefined;
  return html`<section>
    <h2 id="certificates">Certificates</h2>
    <p>
      An attack gives an upper bound of robust accuracy, a certificate a lower one. What was shown of a classifier that
      is made of the model, such as a vote under noise, is said so and is no bound of the model itself.
    </p>
    <ul>
      ${sentences.map((sentence) => html`<li>${sentence}.</li>`)}
    </ul>
  </section>`;
}
