import type { RunRecord } from '@advrob/evaluation';
import { renderReport } from '@advrob/report';
import { join } from 'node:path';
import { writeAtomically } from '../storage/file-storage.js';

/** Writes the page of a record, and the data and vector form of each figure beside it. Returns the page's path. */
export async function writeReport(folder: string, record: RunRecord): Promise<string> {
  const { html, markdown, files } = await renderReport(record);
  for (const [name, content] of Object.entries(files)) await writeAtomically(join(folder, 'figures', name), content);
  await writeAtomically(join(folder, 'report.md'), markdown);
  const path = join(folder, 'report.html');
  await writeAtomically(path, html);
  return path;
}
