import { differentiated } from './differentiate.mjs';
import { opsByName } from './ops/index.mjs';

const longest = 150;

const number = (value) => (Object.is(value, -0) ? '-0' : String(value));
const literal = (value) => JSON.stringify(value)?.replaceAll('"', "'") ?? 'undefined';

function leaf({ shape, dtype, data }) {
  const isUniform = data.length > 1 && data.every((value) => Object.is(value, data[0]));
  if (isUniform) return `tf.fill([${shape}], ${number(data[0])}, '${dtype}')`;
  const shown = data.slice(0, longest).map(number).join(', ');
  const rest = data.length > longest ? `, ... ${data.length - longest} more` : '';
  return `tf.tensor([${shown}${rest}], [${shape}], '${dtype}')`;
}

/** The program as readable JavaScript, with its numbers, and how it was run. */
export function reproducer(program) {
  const lines = program.nodes.map((node, id) => {
    if (node.kind === 'leaf') {
      return `const v${id} = ${leaf(node)};`;
    }
    const body = String(opsByName.get(node.op).run).replaceAll(/\s+/g, ' ');
    return `const v${id} = ${node.op}([${node.inputs.map((input) => `v${input}`).join(', ')}], ${literal(node.attrs)}); // ${body}`;
  });
  const { repeats, changing, readsEarly, tidy, sync } = program.style;
  const read =
    program.kind === 'forward' ? `read ${program.outputs.map((id) => `v${id}`).join(', ')}` : differentiating(program);
  const style = [
    tidy ? 'in tf.tidy' : 'each value disposed after its last use',
    ...(readsEarly.length > 0 ? [`v${readsEarly.join(', v')} read on the way`] : []),
    ...(sync ? ['read synchronously'] : []),
    ...(repeats > 1
      ? [`run ${repeats} times, rotating the numbers of ${changing.map((id) => `v${id}`).join(', ') || 'nothing'}`]
      : []),
  ];
  return [...lines, `// ${read}; ${style.join('; ')}`].join('\n');
}

function differentiating(program) {
  const by = differentiated(program).map((id) => `v${id}`);
  const what = program.kind === 'gradient' ? 'valueAndGrads' : 'one or two optimizer steps';
  return `${what} of v${program.y} by ${by.join(', ')} with dy = v${program.dy}`;
}
