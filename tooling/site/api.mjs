// The API reference from doc comments: one Markdown page for each entry of a package.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Application } from 'typedoc';
import { root } from '../fresh/prepare.mjs';
import { packageEntries } from '../packages.mjs';

/** Writes the reference of all packages into `folder`. */
export async function writeApi(folder) {
  const entryPoints = packageEntries().map(({ code }) => code.replace('/dist/', '/src/').replace(/\.js$/, '.ts'));
  const app = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints,
    tsconfig: join(root, 'tooling/site/tsconfig.json'),
    basePath: join(root, 'packages'),
    displayBasePath: join(root, 'packages'),
    outputs: [{ name: 'markdown', path: folder }],
    entryFileName: 'index',
    readme: 'none',
    name: 'API',
    // The packages are type-checked elsewhere.
    skipErrorChecking: true,
    excludeInternal: true,
    disableSources: true,
    router: 'module',
    hideBreadcrumbs: true,
    hidePageHeader: true,
    useCodeBlocks: true,
    logLevel: 'Error',
  });
  const project = await app.convert();
  if (!project) throw new Error('typedoc found nothing');
  // `core/src/attack` is what a user imports as `@advrob/core/attack`.
  for (const module of project.children ?? []) {
    const [name, , ...entry] = module.name.split('/');
    module.name = [name.startsWith('create-') ? name : `@advrob/${name}`, ...entry].join('/');
  }
  // A page takes its name before the types that are called like it (`core/attack` before `Attack` of `core`), or it would get a number.
  for (const list of [project.children, project.childrenIncludingDocuments])
    list?.sort((a, b) => b.name.split('/').length - a.name.split('/').length);
  await app.generateOutputs(project);
  const numbered = readdirSync(folder, { recursive: true }).filter((file) => /-\d+\.md$/.test(file));
  if (numbered.length > 0) throw new Error(`pages of the reference with a number for a name: ${numbered.join(', ')}`);
}
