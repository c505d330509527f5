import type { RunRecord } from '@advrob/evaluation';
import { renderReport, type ReportOptions } from '@advrob/report';
import { join } from 'node:path';
import { writeAtomically } from '../storage/file-storage.js';

/** Writes the page of one or several records, and the data and vector form of each figure beside it. Returns the page's path. */
export async function writeReport(
  folder: string,
  records: RunRecord | readonly RunRecord[],
  options: ReportOptions = {},
): Promise<string> {
  const { html, markdown, files } = await renderReport(records, options);
  for (const [name, content] of Object.entries(files)) await writeAtomically(join(folder, 'figures', name), content);
  await writeAtomically(join(folder, 'report.md'), markdown);
  const path = join(folder, 'report.html');
  await writeAtomically(path, html);
  return path;
}
