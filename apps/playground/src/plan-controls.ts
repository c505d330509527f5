import { byId, input, select } from './page.js';
import type { AttackInfo, OptionInfo, Options, Plan } from './protocol.js';
import { normWords } from './results.js';
import { norms, start, type State } from './state.js';

/** Method, norm, budget and options. */
export interface PlanControls {
  /** The methods that there are. */
  fill(attacks: readonly AttackInfo[]): void;
  /** Controls as the state says, after another link. */
  refresh(): void;
  plan(): Plan;
}

/** Largest budget of the slider by norm, and its step. */
export const ranges = { linf: [0.3, 0.005], l2: [3, 0.05], l1: [30, 0.5], l0: [60, 1] } as const;
const knowledgeWords: Readonly<Record<string, string>> = {
  gradients: 'Sees gradients (white box)',
  scores: 'Sees scores (black box)',
  labels: 'Sees labels only (black box)',
};
const normSentences = {
  linf: 'No value may change by more than ε; values run from 0 (black) to 1 (white).',
  l2: 'The root of the summed squares of all changes stays below ε.',
  l1: 'All changes together stay below ε.',
  l0: 'At most ε values may change, by any amount.',
} as const;
/**
 * Options that keep a method within seconds on one picture where its defaults, made for a benchmark, would not. They
 * are shown among the options like any other.
 */
const brief: Readonly<Record<string, Options>> = {
  autoattack: { steps: 20, queries: 500 },
  boundary: { steps: 500 },
  cw: { searches: 4, steps: 100 },
  ead: { searches: 4, steps: 100 },
  hopskipjump: { steps: 10 },
  nes: { steps: 50 },
  'sigma-zero': { steps: 200 },
  simba: { queries: 1000 },
  spsa: { steps: 20, pairs: 32 },
  square: { queries: 1000 },
};

/** @param onChange - Hears of every change; `isDrag` of those that come many in a row. */
export function createPlanControls(state: State, onChange: (isDrag: boolean) => void): PlanControls {
  let attacks: readonly AttackInfo[] = [];
  const plan = (): Plan => {
    const { attack, norm, epsilon } = state;
    return { attack, norm, epsilon, options: { ...brief[attack], ...state.options } };
  };

  function refresh(): void {
    const found = attacks.find(({ name }) => name === state.attack);
    if (!found) Object.assign(state, { attack: start.attack, options: {} });
    const attack = found ?? attacks.find(({ name }) => name === start.attack)!;
    if (!attack.norms.includes(state.norm)) setNorm(attack.norms[0]!);
    select('attack').value = attack.name;
    byId('attack-words').textContent =
      attack.summary + (attack.budget === 'minimal' ? ' Looks for the smallest change, whatever the budget.' : '');
    byId('norms').innerHTML = norms
      .map((norm) => {
        const chosen = norm === state.norm ? 'checked' : '';
        const able = attack.norms.includes(norm) ? '' : 'disabled';
        return `<label><input type="radio" name="norm" value="${norm}" ${chosen} ${able} /><span>${normWords[norm]}</span></label>`;
      })
      .join('');
    showEpsilon();
    byId('option-fields').replaceChildren(...attack.options.map(optionField));
    byId('options').hidden = attack.options.length === 0;
  }

  function setNorm(norm: State['norm']): void {
    // The same share of the slider.
    const share = state.epsilon / ranges[state.norm][0];
    const [largest, step] = ranges[norm];
    state.norm = norm;
    state.epsilon = Number((Math.round((share * largest) / step) * step).toFixed(4));
  }

  function showEpsilon(): void {
    const [largest, step] = ranges[state.norm];
    const range = input('epsilon');
    Object.assign(range, { min: '0', max: String(Math.max(largest, state.epsilon)), step: String(step) });
    range.value = String(state.epsilon);
    range.setAttribute('aria-valuetext', `${normWords[state.norm]} ${state.epsilon}`);
    input('epsilon-number').value = String(state.epsilon);
    byId('epsilon-words').textContent = normSentences[state.norm];
  }

  function setEpsilon(value: number): void {
    state.epsilon = Number.isFinite(value) && value >= 0 ? value : state.epsilon;
    showEpsilon();
    onChange(true);
  }

  function optionField({ name, kind, value, choices, minimum, maximum, description }: OptionInfo): HTMLElement {
    const set = plan().options[name] ?? value;
    const field = kind === 'choice' ? choiceField(choices, set, value === undefined) : document.createElement('input');
    if (field instanceof HTMLInputElement && kind === 'boolean') {
      field.type = 'checkbox';
      field.checked = set === true;
    } else if (field instanceof HTMLInputElement) {
      Object.assign(field, { type: 'number', step: kind === 'integer' ? '1' : 'any', placeholder: 'default' });
      if (minimum !== undefined) field.min = String(minimum);
      if (maximum !== undefined) field.max = String(maximum);
      field.value = set === undefined ? '' : String(set);
    }
    field.dataset['option'] = name;
    field.addEventListener('change', () => {
      const { [name]: _, ...others } = state.options;
      const given = valueOf(field, kind);
      const isDefault = given === undefined || given === (brief[state.attack]?.[name] ?? value);
      state.options = isDefault ? others : { ...others, [name]: given };
      onChange(false);
    });
    const line = document.createElement('label');
    line.innerHTML = '<span></span><small></small>';
    line.firstElementChild!.textContent = name;
    line.lastElementChild!.textContent = description;
    line.firstElementChild!.after(field);
    return line;
  }

  select('attack').addEventListener('change', () => {
    Object.assign(state, { attack: select('attack').value, options: {} });
    refresh();
    onChange(false);
  });
  byId('norms').addEventListener('change', (event) => {
    setNorm((event.target as HTMLInputElement).value as State['norm']);
    showEpsilon();
    onChange(false);
  });
  input('epsilon').addEventListener('input', () => setEpsilon(input('epsilon').valueAsNumber));
  input('epsilon-number').addEventListener('change', () => setEpsilon(input('epsilon-number').valueAsNumber));

  return {
    plan,
    refresh,
    fill(all) {
      attacks = all;
      const groups = Object.entries(knowledgeWords).map(([knowledge, label]) => {
        const group = Object.assign(document.createElement('optgroup'), { label });
        const own = all.filter((attack) => attack.knowledge === knowledge);
        group.append(...own.map(({ name }) => new Option(name, name)));
        return group;
      });
      select('attack').replaceChildren(...groups.filter(({ children }) => children.length > 0));
      refresh();
    },
  };
}

function choiceField(choices: readonly string[], set: unknown, isOptional: boolean): HTMLSelectElement {
  const field = document.createElement('select');
  if (isOptional) field.append(new Option('default', ''));
  for (const choice of choices) field.append(new Option(choice, choice, false, choice === set));
  return field;
}

/** What a field says; nothing where it is empty. */
function valueOf(
  field: HTMLInputElement | HTMLSelectElement,
  kind: OptionInfo['kind'],
): number | boolean | string | undefined {
  if (field instanceof HTMLInputElement && kind === 'boolean') return field.checked;
  if (field.value === '') return undefined;
  return kind === 'choice' ? field.value : Number(field.value);
}
