/**
 * The values of features by the stream against the same windows in SQL, which DuckDB computes of the files themselves:
 * in order, out of order, and by processes that are killed. Of the first 60,000 payments and labels;
 * MILLRACE_TEST_SCALE=20 takes all.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { features, files, present } from './handbook.ts';

const program = fileURLToPath(new URL('features-program.ts', import.meta.url));
const skip = present ? false : 'the transactions are not on this machine';
const count = Math.round(60_000 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1));
const transactions = 565_322;
let expected: Promise<Map<string, readonly number[]>> | undefined;

test('features equal SQL where events come in order', { skip }, (t) => compare(t, 'in-order', 0));
test('features equal SQL out of order, by processes that are killed', { skip }, (t) => compare(t, 'shuffled', 3));

async function compare(t: TestContext, order: string, kills: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-features-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  for (let run = 0; run <= kills; run++) {
    const child = spawn(process.execPath, [program, directory, order, `${count}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    let batches = 0;
    child.stdout.on('data', () => {
      batches++;
      if (run < kills && batches === 3) child.kill('SIGKILL');
    });
    const [code] = (await ended) as [number | null];
    assert.equal(code, run < kills ? null : 0);
  }
  expected ??= computeInSql();
  const wanted = await expected;
  assert.equal(wanted.size, transactions);
  const seen = new Set<string>();
  for (const line of readFileSync(join(directory, 'values.csv'), 'utf8').split('\n')) {
    const [id = '', ...texts] = line.split(',');
    if (texts.length !== features.length) continue;
    seen.add(id);
    const row = wanted.get(id) as readonly number[];
    for (const [at, text] of texts.entries()) {
      const difference = Math.abs(Number(text) - (row[at] as number));
      if (!(difference <= 1e-6)) assert.fail(`${features[at]?.name} of ${id}: ${text}, and in SQL ${row[at]}`);
    }
  }
  if (count >= 2 * transactions) assert.equal(seen.size, transactions);
  else assert.ok(seen.size > count / 4, `only ${seen.size} transactions have values`);
}

/** By id, in the order of `features`. A transaction of the same second counts where its id as text is not larger. */
async function computeInSql(): Promise<Map<string, readonly number[]>> {
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect();
  const list = files.map((file) => `'${file}'`).join(',');
  await connection.run(`
    create table tx as select TRANSACTION_ID::varchar id, epoch(TX_DATETIME)::bigint s, CUSTOMER_ID c, TERMINAL_ID m,
      TX_AMOUNT::double a, TX_FRAUD f from read_csv([${list}], union_by_name = true)`);
  await connection.run(`
    create table by_card as select t.id,
      count(*) filter (p.s > t.s - 3600) c1h, count(*) filter (p.s > t.s - 604800) c7,
      sum(p.a) filter (p.s > t.s - 86400) s1, sum(p.a) s30, avg(p.a) filter (p.s > t.s - 604800) m7,
      count(distinct p.m) d30, sum(p.a * pow(0.5, (t.s - p.s) / 86400.0)) filter (p.s > t.s - 604800) e7
      from tx t join tx p on p.c = t.c and p.s > t.s - 2592000 and (p.s < t.s or (p.s = t.s and p.id <= t.id))
      group by t.id`);
  await connection.run(`
    create table by_merchant as select t.id,
      count(*) filter (p.s > t.s - 86400 and (p.s < t.s or (p.s = t.s and p.id <= t.id))) c1,
      coalesce(avg(p.f) filter (p.s > t.s - 86400 * 8 and p.s <= t.s - 604800), 0) r1,
      coalesce(avg(p.f) filter (p.s <= t.s - 604800), 0) r30
      from tx t join tx p on p.m = t.m and p.s > t.s - 86400 * 37 and p.s <= t.s group by t.id`);
  const reader = await connection.runAndReadAll(`
    select id, c1h::double, c7::double, s1, s30, m7, d30::double, e7, case s30 when 0 then 0 else s1 / s30 end,
      c1::double, r1, r30 from by_card join by_merchant using (id)`);
  return new Map(reader.getRows().map(([id, ...values]) => [String(id), values.map(Number)]));
}
