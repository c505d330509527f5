import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename } from 'node:path';
import type { ExecutionProvider } from '../options.js';

/**
 * The card that a provider computes on, as far as the system tells it, for records: ONNX Runtime does
 * not say. Null on the CPU.
 */
export function cardOf(provider: ExecutionProvider): string | null {
  if (provider === 'cpu') return null;
  // A driver that was named comes first: it may be a GPU in software.
  const driver = process.env['VK_DRIVER_FILES'] ?? process.env['VK_ICD_FILENAMES'];
  if (provider === 'webgpu' && driver) return basename(driver, '.json').replace(/^vk_|_icd.*$/g, '');
  if (process.platform === 'darwin') return cpus()[0]?.model ?? 'unknown';
  return nvidiaCards() ?? pciCards() ?? 'unknown';
}

function nvidiaCards(): string | null {
  const folder = '/proc/driver/nvidia/gpus';
  const models = entriesOf(folder).map((card) => /^Model:\s*(.*)$/m.exec(textOf(`${folder}/${card}/information`))?.[1]);
  const known = models.filter((model) => model !== undefined);
  return known.length > 0 ? known.join(', ') : null;
}

/** By the numbers of their maker and model. */
function pciCards(): string | null {
  const folder = '/sys/class/drm';
  const cards = entriesOf(folder).filter((entry) => /^card\d+$/.test(entry));
  const ids = cards.map((card) =>
    ['vendor', 'device'].map((part) => textOf(`${folder}/${card}/device/${part}`).trim()),
  );
  const known = ids.filter((pair) => pair.every((id) => id !== '')).map((pair) => `PCI ${pair.join(':')}`);
  return known.length > 0 ? known.join(', ') : null;
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
