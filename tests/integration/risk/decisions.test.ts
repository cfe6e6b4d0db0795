/** Decisions on an embedded store: once per key, kept before they are answered, also by processes that are killed. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Decision, Decisions, type DecisionsOptions, FeatureState } from '@millrace/pipelines';
import { openEmbeddedRecords, openOrderedStore, type RecordStore } from '@millrace/store';
import { cardFeatures, paymentOf, startTime } from './decided-payments.ts';

const program = fileURLToPath(new URL('decisions-program.ts', import.meta.url));

test('a retry is given the first decision, and counts nothing twice', async (t) => {
  const { decisions } = await open(t);
  const first = await decisions.decide(paymentOf(1));
  const again = await Promise.all([decisions.decide(paymentOf(1)), decisions.decide(paymentOf(1))]);
  assert.deepEqual(again, [first, first]);
  const next = await decisions.decide(paymentOf(2));
  assert.deepEqual(next.features, { count_1d: 2, sum_1d: 20 });
});

test('a key that comes with another event is refused, and what it says is not counted', async (t) => {
  const { decisions } = await open(t);
  const [, other] = await Promise.allSettled([decisions.decide(paymentOf(1)), decisions.decide(paymentOf(1, 99))]);
  assert.equal(other.status === 'rejected' && other.reason.code, 'idempotency_conflict');
  assert.deepEqual((await decisions.decide(paymentOf(2))).features, { count_1d: 2, sum_1d: 20 });
});

test('what was counted and not decided on, or not published, can be retried and not changed', async (t) => {
  const { records, decisions } = await open(t);
  const fail = () => {
    throw new Error('no model');
  };
  const unjudged = decisionsOn(records, { judge: fail }).decisions;
  await assert.rejects(unjudged.decide(paymentOf(1)), /no model/);
  const unpublished = decisionsOn(records, { publish: () => Promise.reject(new Error('no topic')) }).decisions;
  await assert.rejects(unpublished.decide(paymentOf(2)), /no topic/);
  for (const number of [1, 2]) {
    await assert.rejects(decisions.decide(paymentOf(number, 99)), { code: 'idempotency_conflict' });
    const { features } = await decisions.decide(paymentOf(number));
    assert.deepEqual(features, { count_1d: number, sum_1d: 10 * number });
  }
});

test('a bad request does not fail those beside it', async (t) => {
  const { decisions, published } = await open(t);
  const results = await Promise.allSettled([
    decisions.decide(paymentOf(1)),
    decisions.decide(paymentOf(86_400_000)),
    decisions.decide(paymentOf(2, Number.NaN)),
    decisions.decide(paymentOf(3)),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(
    published.map(({ event }) => event.id),
    ['p1', 'p3'],
  );
});

test('processes that are killed lose no answered decision and count none twice', async (t) => {
  const directory = makeDirectory(t);
  const answered = new Map<string, string>();
  const killed = 3;
  const count = 400;
  for (let run = 0; run <= killed; run++) {
    const child = spawn(process.execPath, [program, directory, `${count}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    let lines = 0;
    for await (const line of createInterface(child.stdout)) {
      lines++;
      const [id = '', value = '', version = ''] = line.split(' ');
      if (version === '') continue;
      if (answered.has(id))
        assert.equal(`${value} ${version}`, answered.get(id), `the decision on ${id} is another one`);
      answered.set(id, `${value} ${version}`);
      if (run < killed && lines === 60 * (run + 1)) child.kill('SIGKILL');
    }
    const [code] = (await ended) as [number | null];
    assert.equal(code, run < killed ? null : 0);
  }
  for (let number = 1; number <= count; number++) {
    assert.equal(answered.get(`p${number}`)?.split(' ')[0], `${number}`);
  }
});

function makeDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-decisions-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function open(t: TestContext) {
  const store = openOrderedStore({ directory: makeDirectory(t) });
  const records = await openEmbeddedRecords({ store });
  t.after(() => records.close());
  return { records, ...decisionsOn(records) };
}

function decisionsOn(records: RecordStore, broken: Partial<Pick<DecisionsOptions, 'judge' | 'publish'>> = {}) {
  const published: Decision[] = [];
  const decisions = new Decisions({
    records,
    namespace: 'risk',
    set: 'decisions',
    state: new FeatureState({ records, namespace: 'risk', set: 'histories', features: cardFeatures }),
    judge: () => ({ outcome: 'accept', score: 0, reasons: [], version: '1' }),
    publish: async (made) => void published.push(...made),
    now: () => startTime + 60_000,
    ...broken,
  });
  return { decisions, published };
}
