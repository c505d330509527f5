// VitePress's settings; the config beside the staged pages (see build.mjs) takes them from here.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { guides } from './pages.mjs';
import { miniSearch } from './search.mjs';

const stage = fileURLToPath(new URL('.cache/', import.meta.url));
const namesIn = (folder) =>
  readdirSync(`${stage}${folder}`)
    .filter((name) => name.endsWith('.md') && name !== 'index.md')
    .map((name) => name.slice(0, -3))
    .sort();
const words = (name) => name.replace(/^\d+-/, '').replaceAll('-', ' ');
const items = (folder, text = words) =>
  namesIn(folder).map((name) => ({ text: text(name), link: `/${folder}/${name}` }));
const same = (name) => name;
const packageName = (name) => (name.startsWith('create-') ? name : `@advrob/${name}`);
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
    search: { provider: 'local', options: { miniSearch } },
    outline: [2, 3],
    nav: [
      { text: 'Guides', link: '/start-here' },
      { text: 'Attacks', link: '/attacks/' },
      { text: 'Questions', link: '/faq' },
      { text: 'Studies', link: '/studies/' },
      { text: 'Decisions', link: `/decisions/${namesIn('decisions')[0]}` },
      { text: 'Reference', link: '/api/' },
      { text: 'Leaderboard', link: '/leaderboard' },
      // A page of its own, which the site's router does not know.
      { text: 'Playground', link: '/playground/index.html', target: '_self' },
    ],
    sidebar: [
      { text: 'Guides', items: Object.entries(guides).map(([page, text]) => ({ text, link: `/${page}` })) },
      { text: 'Attacks', collapsed: true, items: [{ text: 'Gallery', link: '/attacks/' }, ...items('attacks', same)] },
      { text: 'Plugins', collapsed: true, items: [{ text: 'Kinds', link: '/plugins/' }, ...items('plugins', same)] },
      { text: 'Studies', collapsed: true, items: [{ text: 'All studies', link: '/studies/' }, ...studies] },
      { text: 'Decisions', collapsed: true, items: items('decisions') },
      {
        text: 'Reference',
        items: [
          { text: 'Command line', link: '/cli' },
          { text: 'API', link: '/api/' },
          { text: 'Errors', link: '/errors' },
          { text: 'Packages', collapsed: true, items: items('packages', packageName) },
        ],
      },
    ],
  },
  vite: { build: { chunkSizeWarningLimit: 4000 } },
};
