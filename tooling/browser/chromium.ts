import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const places = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser of the machine; `CHROMIUM` names another. @throws Error that says how to install one. */
export async function launchChromium(...args: readonly string[]): Promise<Browser> {
  const executablePath = places.find((place) => place !== undefined && existsSync(place));
  if (executablePath === undefined)
    throw new Error('no Chromium: install one (Debian: apt-get install chromium), or set CHROMIUM to its path');
  return chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', ...args] });
}
