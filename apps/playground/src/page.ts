// Elements of index.html by their names.
export const byId = <E extends HTMLElement = HTMLElement>(id: string): E => document.getElementById(id) as E;
export const select = (id: string): HTMLSelectElement => byId<HTMLSelectElement>(id);
export const input = (id: string): HTMLInputElement => byId<HTMLInputElement>(id);

/** Something went wrong, in words; with none what stood there goes. */
export function complain(words = ''): void {
  byId('problem').textContent = words;
  byId('problem').hidden = words === '';
}

/** Shows or hides what a button opens. */
export function toggle(button: string, panel: string, isOpen: boolean): void {
  byId(panel).hidden = !isOpen;
  byId(button).setAttribute('aria-expanded', String(isOpen));
}
