/** For tests: reads Prometheus' text format (0.0.4) as strictly as a scraper might, by its description. */
import assert from 'node:assert/strict';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples by the name of their family; every family must have its help and type before them. */
export function parseMetrics(text: string): Map<string, { readonly type: string; readonly samples: Sample[] }> {
  assert.ok(text.endsWith('\n'), 'the last line has no end');
  const families = new Map<string, { readonly type: string; readonly samples: Sample[] }>();
  let helped = '';
  let current = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const [, comment, name = '', rest = ''] = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line) ?? [];
    if (comment === 'HELP') helped = name;
    else if (comment === 'TYPE') {
      assert.equal(name, helped, 'a type without its help');
      assert.ok(!families.has(name), `${name} comes twice`);
      families.set(name, { type: rest, samples: [] });
      current = name;
    } else {
      const sample = parseSample(line);
      assert.equal(sample.name, current, 'a sample outside of its family');
      families.get(current)?.samples.push(sample);
    }
  }
  return families;
}

function parseSample(line: string): Sample {
  const head = /^([a-zA-Z_:][\w:]*)\{/.exec(line);
  assert.ok(head, `no sample: ${line}`);
  let at = head[0].length;
  const labels: Record<string, string> = {};
  while (line[at] !== '}') {
    const label = /^,?([a-zA-Z_]\w*)="((?:[^"\\]|\\[\\"n])*)"/.exec(line.slice(at));
    assert.ok(label, `no label at ${at}: ${line}`);
    const [whole, name = '', value = ''] = label;
    assert.ok(!(name in labels), `label ${name} comes twice`);
    labels[name] = value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    at += whole.length;
  }
  const value = /^\} (-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/.exec(line.slice(at));
  assert.ok(value, `no value at ${at}: ${line}`);
  return { name: head[1] ?? '', labels, value: Number(value[1]) };
}
