import assert from 'node:assert/strict';
import { test } from 'node:test';
import { int64, json, text, topic } from '@millrace/client';
import { testDriver, topology } from '../index.ts';
import { partitionCounts, subTopologies } from './plan.ts';

interface Employee {
  readonly team: string | null;
  readonly salary: number;
}

const employees = topic('employees', { key: text, value: json<Employee | null>() });
const totals = topic('totals', { key: text, value: int64 });

test('a row that changes its group is taken out of the one and put into the other', () => {
  const job = topology('salaries');
  const teams = job.table(employees, 'employees').keyBy('by-team', ({ team }) => team, { key: text });
  teams
    .aggregate('salaries', {
      value: int64,
      initial: () => 0,
      add: (sum, { salary }) => sum + salary,
      subtract: (sum, { salary }) => (sum === salary ? null : sum - salary),
    })
    .to(totals);
  const driver = testDriver(job);
  const after = (key: string, value: Employee | null): unknown[] => {
    driver.pipe(employees, { key, value });
    return driver.read(totals).map((record) => [record.key, record.value]);
  };
  assert.deepEqual(after('ada', { team: 'engines', salary: 10 }), [['engines', 10]]);
  assert.deepEqual(after('bob', { team: 'engines', salary: 7 }), [['engines', 17]]);
  assert.deepEqual(after('ada', { team: 'engines', salary: 11 }), [['engines', 18]]);
  assert.deepEqual(after('ada', { team: 'cards', salary: 11 }), [
    ['engines', 7],
    ['cards', 11],
  ]);
  assert.deepEqual(after('bob', null), [['engines', null]]);
  assert.deepEqual(after('ada', { team: null, salary: 11 }), [['cards', null]]);
  assert.deepEqual(after('eve', null), []);
});

test('a group is counted, and gone when it has no rows', () => {
  const job = topology('teams');
  const teams = job.table(employees, 'employees').keyBy('by-team', ({ team }) => team, { key: text });
  teams.count('sizes').to(totals);
  const driver = testDriver(job);
  for (const team of ['a', 'b', 'a', null]) driver.pipe(employees, { key: 'ada', value: { team, salary: 0 } });
  driver.pipe(employees, { key: 'bob', value: { team: 'a', salary: 0 } });
  driver.pipe(employees, { key: 'eve', value: { team: 'a', salary: 0 } });
  assert.deepEqual(
    driver.read(totals).map(({ key, value }) => `${key} ${value}`),
    ['a 1', 'a null', 'b 1', 'b null', 'a 1', 'a null', 'a 1', 'a 2'],
  );
});

test('streams that were merged need as many partitions as each other where state is kept by key', () => {
  const known = new Map([
    ['left', 2],
    ['right', 3],
  ]);
  const merged = (name: string) => {
    const job = topology(name);
    const of = (from: string) => job.source(topic(from, { key: text, value: text }));
    return { job, stream: of('left').merge(of('right')) };
  };
  const counts = ({ graph }: ReturnType<typeof topology>) => partitionCounts(graph, subTopologies(graph), known);
  const counted = merged('counted');
  counted.stream.count('lines');
  assert.throws(() => counts(counted.job), { code: 'invalid_topology', message: /left has 2, right has 3/ });
  const passed = merged('passed');
  passed.stream.to(topic('out', { key: text, value: text }));
  assert.equal(counts(passed.job).get('right'), 3);
});
