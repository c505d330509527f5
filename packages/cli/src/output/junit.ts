import type { RunRecord } from '@advrob/evaluation';
import type { Requirement } from '../experiment/requirements.js';

interface Case {
  readonly model: string;
  readonly name: string;
  readonly problem?: string | undefined;
}

/**
 * A run as a JUnit file, which CI services show test by test: a case for each bound that the config
 * requires, and one for each check for false robustness, failed where its finding is serious.
 */
export function junitOf(record: RunRecord, requirements: readonly Requirement[]): string {
  const cases: Case[] = [
    ...requirements.map(({ model, bound, problem }) => ({ model, name: bound, problem })),
    ...record.checks
      .filter(({ severity }) => severity !== undefined && severity !== 'untested')
      .map(({ model, name, question, meaning, severity }) => ({
        model,
        name: question ?? name,
        problem: severity === 'serious' ? (meaning ?? 'a serious finding') : undefined,
      })),
  ];
  const failures = cases.filter(({ problem }) => problem !== undefined).length;
  const lines = cases.map(({ model, name, problem }) => {
    const head = `    <testcase classname="${escaped(model)}" name="${escaped(name)}"`;
    return problem === undefined ? `${head}/>` : `${head}><failure message="${escaped(problem)}"/></testcase>`;
  });
  const counts = `tests="${cases.length}" failures="${failures}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${escaped(record.title)}" ${counts}>`,
    ...lines,
    '  </testsuite>',
    '</testsuites>\n',
  ].join('\n');
}

/** Text of an attribute; what XML 1.0 has no character for becomes a question mark. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '?')
    .replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
