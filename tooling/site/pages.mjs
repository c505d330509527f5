// The pages of the site: which Markdown file of the repository becomes which page, and where links between the files lead then.
import { posix } from 'node:path';

/** The guides in the order of the sidebar, by page. */
export const guides = {
  'start-here': 'Start here',
  faq: 'Questions',
  'tutorials/researcher': 'For researchers',
  'tutorials/engineer': 'For engineers',
  'tutorials/auditor': 'For auditors',
  'tutorials/teacher': 'For teachers',
  concepts: 'Concepts',
  'bring-your-own-model': 'Bring your own model',
  'bring-your-own-data': 'Bring your own data',
  'choose-attacks': 'Choose attacks',
  certify: 'Certify',
  'takes-too-long': 'It takes too long',
  browser: 'In the browser',
  reliability: 'Reliability',
  'onnxruntime-backend': 'The ONNX Runtime backend',
  examples: 'Examples',
  'write-a-plugin': 'Write a plugin',
  'add-a-kernel': 'Add a kernel',
  contribute: 'Contribute',
};

/**
 * Where a Markdown file of the repository stands on the site; undefined for one that is no page.
 *
 * @param {string} file Path from the root of the repository, such as `packages/core/README.md`.
 */
export function pageOf(file) {
  if (file === 'README.md') return 'index.md';
  if (file === 'CONTRIBUTING.md') return 'contribute.md';
  if (file === 'examples/README.md') return 'examples.md';
  const readme = /^packages\/([^/]+)\/README\.md$/.exec(file);
  if (readme) return `packages/${readme[1]}.md`;
  // A folder of its own, so that figures beside a study keep their paths.
  const study = /^studies\/(?!shared\/)((?:[\w-]+\/)?)README\.md$/.exec(file);
  if (study) return `studies/${study[1]}index.md`;
  return file.startsWith('docs/') ? file.slice('docs/'.length) : undefined;
}

/**
 * The text of a file with its links as they are on the site: to another page, or to a picture beside it; a link to source code, which the site does not have,
 * becomes its words alone.
 */
export function withSiteLinks(text, file) {
  const here = posix.dirname(pageOf(file));
  // Code comes first, so that code which shows a link stays as it is; code in the words of a link does not end it.
  const parts = /```[\s\S]*?```|`[^`\n]*`|(!?)\[((?:`[^`\n]*`|[^\]`])*)\]\(([^)\s]+)\)/g;
  return text.replace(parts, (whole, isPicture, words, target) => {
    if (target === undefined || /^[a-z]+:/.test(target) || target.startsWith('#')) return whole;
    const [path, hash] = target.split('#');
    const wanted = posix.join(posix.dirname(file), path);
    // Guides stand at the top of the site, and their pictures with them.
    if (isPicture) return `![${words}](${posix.relative(here, wanted.replace(/^docs\//, ''))})`;
    const page = pageOf(wanted) ?? pageOf(`${wanted}/README.md`);
    if (!page?.endsWith('.md')) return words;
    return `[${words}](${dotted(posix.relative(here, page))}${hash ? `#${hash}` : ''})`;
  });
}

const dotted = (path) => (path.startsWith('.') ? path : `./${path}`);
