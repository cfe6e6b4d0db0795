import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KindName, kindNames, type Spec } from '@millrace/api/declared';
import fc from 'fast-check';
import { parseFleetFile } from '../../fleet-file/read-fleet-file.ts';
import { declaredFleetOf } from '../declared-lists.ts';
import { canonical, type FleetLists } from '../fleet-lists.ts';
import { aFleet } from '../testing/a-fleet.ts';
import { recordAccess } from '../wanted-access.ts';
import { exportFleet } from './export-fleet.ts';
import { writeFleetFile } from './write-fleet-file.ts';

const written = (fleet: FleetLists): string =>
  writeFleetFile(exportFleet(declaredFleetOf(fleet), new Map(), recordAccess));

test('a fleet of every kind is written as people would write it, the same each time', () => {
  const text = written(aFleet());
  assert.equal(written(aFleet()), text);
  assert.match(text, /^# A fleet as it was exported\. Secrets are not in it/);
  assert.ok(
    text.includes(
      [
        'topics:',
        '  - name: orders',
        '    cluster: east',
        '    owner: checkout',
        '    partitions: 12',
        '    configs:',
        '      retention.ms: 86400000',
        '  - name: orders',
        '    cluster: west',
        '    partitions: 1',
        '',
      ].join('\n'),
    ),
    text,
  );
});

test('what is written is read as what it was', () => {
  const fleet = aFleet();
  const { declared } = parseFleetFile(written(fleet), '/fleet.yaml');
  for (const kind of kindNames) {
    const specs = fleet[kind] as readonly Spec<KindName>[];
    assert.deepEqual(
      declared[kind],
      specs.map((spec) => canonical(kind, spec)),
      kind,
    );
  }
});

test('texts of any shape survive', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((each) => each.isWellFormed());
  const odd = fc.constantFrom(
    '',
    ' ',
    'yes',
    'null',
    '~',
    '1e3',
    '0x1F',
    '1_000',
    '- a',
    '# b',
    'a: b',
    '{}',
    "'",
    '"\n"',
    '\t',
    '\u2000',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(text, odd), { minLength: 1, maxLength: 8 }), (descriptions) => {
      const site = descriptions.map((description, index) => ({ name: `s${index}`, description }));
      const connector = [{ name: 'c', connect: 'sinks', config: { 'connector.class': 'x', a: descriptions[0] ?? '' } }];
      const { declared } = parseFleetFile(written(aFleet({ site, cluster: clusters, connector })), '/fleet.yaml');
      assert.deepEqual(declared.site, site);
      assert.deepEqual(declared.connector, connector);
    }),
  );
});

const clusters = [
  { name: 'east', bootstrap: 'e:1' },
  { name: 'west', bootstrap: 'w:1' },
];
