import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHeader } from '../line/line-header.ts';
import { drainAccuracy, groupingAccuracy, loghubLabels, loghubLines } from '../testing/loghub.ts';
import { TemplateMiner } from './template-miner.ts';

/** What is reached, one setting for all of them; lines as they were written, header and all. */
const reached: ReadonlyMap<string, number> = new Map([
  ['HDFS', 1],
  ['Spark', 1],
  ['Linux', 1],
  ['Apache', 1],
]);

/** How many shapes are found where nobody has labelled the lines: a sudden change is seen. */
const shapes: ReadonlyMap<string, number> = new Map([
  ['Hadoop', 116],
  ['Zookeeper', 57],
  ['BGL', 121],
  ['HPC', 47],
  ['Thunderbird', 167],
  ['Windows', 50],
  ['Android', 182],
  ['HealthApp', 75],
  ['Proxifier', 13],
  ['OpenSSH', 27],
  ['OpenStack', 45],
  ['Mac', 340],
]);

const isThere = loghubLines('HDFS') !== undefined;
const skip = isThere ? false : 'Loghub is not beside the repository (../shared/data/logs/loghub_2k)';

test('groups lines at least as well as Drain, with one setting for all systems', { skip }, (context) => {
  let sum = 0;
  let drainSum = 0;
  for (const [system, expected] of reached) {
    const lines = loghubLines(system) ?? [];
    const { events = [], messages = [] } = loghubLabels(system) ?? {};
    const raw = groupingAccuracy(idsOf(lines), events);
    const bare = groupingAccuracy(idsOf(messages), events);
    const drain = drainAccuracy.get(system) as number;
    context.diagnostic(`${system}: ${raw} (messages alone: ${bare}), Drain ${drain}`);
    assert.ok(raw >= expected, `${system}: ${raw}`);
    assert.ok(bare >= expected, `${system}, messages alone: ${bare}`);
    assert.ok(raw >= drain, `${system}: Drain has ${drain}`);
    sum += raw;
    drainSum += drain;
  }
  assert.ok(sum >= drainSum);
});

test('finds about as many shapes as there are in lines that nobody has labelled', { skip }, (context) => {
  for (const [system, expected] of shapes) {
    const found = new Set(idsOf(loghubLines(system) ?? [])).size;
    context.diagnostic(`${system}: ${found} shapes`);
    assert.ok(
      Math.abs(found - expected) <= Math.max(2, expected * 0.05),
      `${system}: ${found} shapes, not ${expected}`,
    );
  }
});

function idsOf(lines: readonly string[]): string[] {
  const miner = new TemplateMiner();
  const ids = lines.map((line) => miner.add(line, readHeader(line, 0).end, 0).id);
  return ids.map((id) => miner.find(id)?.id as string);
}
