/**
 * Colours by what they are for, in both themes. Series colours are told apart with the common
 * colour vision deficiencies and have a contrast of at least 3 to 1 on their paper; text has at
 * least 4.5 to 1.
 */
export const colours = {
  light: {
    paper: '#ffffff',
    panel: '#f5f6f8',
    ink: '#1a1d21',
    quiet: '#565d66',
    line: '#d9dde2',
    link: '#0b57a4',
    good: '#0a6b49',
    bad: '#a8321f',
    series: ['#0b62a8', '#c2500a', '#0a7d55', '#8e3fa8', '#7a5f00', '#51606e'],
  },
  dark: {
    paper: '#14171c',
    panel: '#1d2128',
    ink: '#e8eaed',
    quiet: '#a3abb6',
    line: '#353c46',
    link: '#86bdf7',
    good: '#5fd3a4',
    bad: '#f59a87',
    series: ['#6cb4f5', '#f59a55', '#4fcf9d', '#d79bf0', '#e3c04b', '#a9b8c6'],
  },
} as const;

export type Theme = keyof typeof colours;

/** Custom properties of the page, which figures refer to. */
export function themeProperties(theme: Theme): string {
  const { series, ...named } = colours[theme];
  const all = [...Object.entries(named), ...series.map((colour, i) => [`series-${i + 1}`, colour] as const)];
  return all.map(([name, colour]) => `--${name}: ${colour};`).join(' ');
}

/** The colours in place of the custom properties, for a figure that stands alone. */
export function withColours(svg: string, theme: Theme): string {
  const { series, ...named } = colours[theme];
  return svg.replace(/var\(--([a-z]+)(?:-(\d))?\)/g, (whole, name: string, place?: string) =>
    place ? (series[Number(place) - 1] ?? whole) : (named[name as keyof typeof named] ?? whole),
  );
}
