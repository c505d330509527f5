// How the search of the site ranks. VitePress writes these functions into the pages as text, so each has all that it needs inside.

/** Settings of MiniSearch for the index and for questions. */
export const miniSearch = {
  options: {
    /** Without the words that every question has, and without plurals. */
    processTerm: (term) => {
      const common =
        ' a an and any are as at be by can could do does for from get has have how i if in into is it its make me my need of on or our please run should so take tell than that the their them there these this to use want was we what when where which who why will with would you your ';
      const word = term.toLowerCase();
      if (common.includes(` ${word} `)) return null;
      return word.length > 3 && /[^su]s$/.test(word) ? word.slice(0, -1) : word;
    },
  },
  searchOptions: {
    fuzzy: 0.2,
    prefix: true,
    boost: { title: 4, text: 2, titles: 1.5 },
    /** Guides stand before packages, these before studies and decisions, symbols of the reference last. */
    boostDocument: (id) => {
      const weights = { api: 0.15, decisions: 0.3, studies: 0.4, packages: 0.6, 'errors.html': 0.6, attacks: 0.8 };
      return weights[id.split('/')[1].split('#')[0]] ?? 1;
    },
  },
};

/** Forty questions of new users, and the pages of which one has to be among the first three results. */
export const questions = [
  ['How do I choose epsilon?', ['faq', 'concepts']],
  ['which attack should I use', ['faq', 'choose-attacks']],
  ['my .h5 file', ['faq', 'bring-your-own-model']],
  ['load keras model', ['bring-your-own-model', 'faq']],
  ['pytorch model', ['bring-your-own-model', 'faq']],
  ['my image folder', ['faq', 'bring-your-own-data']],
  ['folder of JPEG pictures', ['bring-your-own-data', 'faq']],
  ['onnx file', ['bring-your-own-model', 'faq']],
  ['run on GPU', ['faq', 'onnxruntime-backend']],
  ['use in the browser', ['browser', 'faq']],
  ['docker', ['faq', 'tutorials/engineer']],
  ['CI fail the build', ['tutorials/engineer', 'faq']],
  ['why is robust accuracy 0%', ['faq', 'concepts']],
  ['robust accuracy too good to be true', ['faq', 'choose-attacks']],
  ['clean accuracy is low', ['faq', 'bring-your-own-model']],
  ['it takes too long', ['takes-too-long', 'faq']],
  ['out of memory', ['faq', 'takes-too-long']],
  ['resume a stopped run', ['faq', 'reliability']],
  ['train a robust model', ['faq', 'tutorials/teacher', 'tutorials/researcher', 'start-here']],
  ['compare two models', ['faq', 'tutorials/auditor', 'start-here', 'cli']],
  ['what does robust accuracy mean', ['concepts', 'faq']],
  ['threat model', ['concepts']],
  ['are results reproducible', ['faq', 'concepts', 'reliability']],
  ['write my own attack', ['write-a-plugin', 'plugins/attacks']],
  ['write a plugin', ['write-a-plugin', 'plugins/']],
  ['own loss objective plugin', ['plugins/objectives', 'write-a-plugin']],
  ['add my own dataset', ['bring-your-own-data', 'plugins/datasets']],
  ['numpy npz arrays', ['bring-your-own-data']],
  ['parquet Hugging Face', ['bring-your-own-data']],
  ['certified robustness lower bound', ['certify', 'faq']],
  ['vnnlib verify property', ['certify', 'cli']],
  ['several machines', ['takes-too-long', 'faq']],
  ['slurm cluster', ['takes-too-long']],
  ['normalization mean std', ['bring-your-own-model']],
  ['black box attack without gradients', ['choose-attacks', 'bring-your-own-model', 'attacks/']],
  ['attack by labels only', ['attacks/hopskipjump', 'attacks/boundary', 'choose-attacks', 'attacks/']],
  ['what is PGD', ['attacks/pgd']],
  ['carlini wagner', ['attacks/cw']],
  ['command line flags', ['cli']],
  ['getting started install', ['faq', 'start-here']],
];
