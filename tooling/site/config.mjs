// VitePress's settings, copied beside the staged pages (see build.mjs).
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const stage = fileURLToPath(new URL('..', import.meta.url));
const namesIn = (folder) =>
  readdirSync(`${stage}${folder}`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.slice(0, -3))
    .sort();
const words = (name) => name.replace(/^\d+-/, '').replaceAll('-', ' ');
const items = (folder, text = words) =>
  namesIn(folder).map((name) => ({ text: text(name), link: `/${folder}/${name}` }));
const studies = readdirSync(`${stage}studies`, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => ({ text: words(name), link: `/studies/${name}/` }));

export default {
  title: 'advrob',
  description: 'Measure and improve the adversarial robustness of neural networks, on TensorFlow.js.',
  lang: 'en',
  cleanUrls: false,
  // Nothing is fetched from elsewhere: fonts and the index of the search are part of the site. No icon, so that browsers do not ask for one.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Start here', link: '/start-here' },
      { text: 'Packages', link: '/packages/core' },
      { text: 'Studies', link: '/studies/dale/' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: [
      {
        text: 'Guide',
        items: [
          { text: 'Start here', link: '/start-here' },
          { text: 'Concepts', link: '/concepts' },
          { text: 'Bring your own model', link: '/bring-your-own-model' },
          { text: 'Bring your own data', link: '/bring-your-own-data' },
          { text: 'In the browser', link: '/browser' },
          { text: 'Examples', link: '/examples' },
          { text: 'Write a plugin', link: '/write-a-plugin' },
          { text: 'Contribute', link: '/contribute' },
          { text: 'Errors', link: '/errors' },
        ],
      },
      {
        text: 'How it works',
        items: [{ text: 'The ONNX Runtime backend', link: '/onnxruntime-backend' }],
      },
      { text: 'Packages', items: items('packages', (name) => (name.startsWith('create-') ? name : `@advrob/${name}`)) },
      { text: 'Studies', collapsed: true, items: studies },
      { text: 'Decisions', collapsed: true, items: items('decisions') },
      { text: 'API reference', link: '/api/' },
    ],
  },
  vite: { build: { chunkSizeWarningLimit: 4000 } },
};
