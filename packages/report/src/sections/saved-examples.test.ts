import { describe, expect, it } from 'vitest';
import { sampleRecord, textOf } from '../../test/support/sample-record.js';
import { subjectsOf } from '../subjects.js';
import { savedExamplesSection } from './saved-examples.js';

function withSaved() {
  const record = sampleRecord(['standard', 'pgd-at']);
  const models = record.models.map((model, i) => ({
    ...model,
    attacks: model.attacks.map((attack) => ({
      ...attack,
      points: attack.points.map((point) => ({
        ...point,
        saved: { examples: 640, confirmed: 640, quantized: 600 - i, quantizedInside: 590 },
      })),
    })),
  }));
  return { ...record, models };
}

describe('saved adversarial examples', () => {
  it('are counted at the largest epsilon, as loaded and after rounding', () => {
    const text = textOf(
      savedExamplesSection(subjectsOf([withSaved()]))!.html,
      '<h2 id="saved-examples">Saved adversarial examples</h2>',
      '</section>',
    );
    expect(text).toContain(
      'pgd-at , pgd, L∞ 0.3: of 640 saved examples 640 fool the model as loaded in float32; after rounding to 8 bits 599, of which 590 still lie in the ball.',
    );
    expect(text.match(/640 saved/g)).toHaveLength(4);
  });
});
