import type { RunRecord } from '@advrob/evaluation';
import { expect, it } from 'vitest';
import { junitOf } from './junit.js';

const record = { title: 'A "gate" & <more>', checks: [] } as unknown as RunRecord;
const check = { model: 'net', name: 'vanishing-gradients', question: 'Do gradients vanish?' };

it('has a case for each bound and each check that was made, and counts what failed', () => {
  const checks = [
    { ...check, severity: 'serious', meaning: 'Attacks get no direction.' },
    { ...check, severity: 'warning' },
    { ...check, severity: 'none' },
    { ...check, severity: 'untested' },
  ] as unknown as RunRecord['checks'];
  const xml = junitOf({ ...record, checks }, [
    { model: 'net', bound: 'clean accuracy at least 90.0%' },
    { model: 'net', bound: 'robust accuracy at least 60.0%', problem: 'net: 12.0%' },
  ]);
  expect(xml.match(/<testcase /g)).toHaveLength(5);
  expect(xml.match(/<testsuites? .*tests="5" failures="2"/g)).toHaveLength(2);
  expect([...xml.matchAll(/<failure message="([^"]*)"/g)].map(([, text]) => text)).toEqual([
    'net: 12.0%',
    'Attacks get no direction.',
  ]);
});

it('stays XML whatever names hold', () => {
  const xml = junitOf(record, [{ model: 'a\u0000\u001b"/>\ud800', bound: '<b>\n&amp;' }]);
  expect(xml).toContain('name="A &#34;gate&#34; &#38; &#60;more&#62;"');
  expect(xml).toContain('classname="a??&#34;/&#62;?" name="&#60;b&#62;&#10;&#38;amp;"');
});
