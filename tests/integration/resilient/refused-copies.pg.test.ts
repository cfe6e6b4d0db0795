/**
 * Copies of answers on disk, while the config service is down: one that somebody changed, an older one and one that has
 * expired start nothing, whatever else is right.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodePlatform, type Platform } from '@millrace/base';
import { openResilientClient, type ResilientClientOptions } from '@millrace/resilient';
import { startSidecar } from '@millrace/resilient/sidecar';
import { eventually } from '../../support/eventually.ts';
import { startFixture } from '../client/client-fixture.ts';
import { keyDirectory, startConfigProcess } from '../fleet/config-fixture.ts';
import { startDatabaseFixture } from '../fleet/database-fixture.ts';
import { valuesOf } from './resilient-fixture.ts';

const topic = 'orders';
const daysMs = 24 * 3_600_000;

/** The machine's, but that it is so much later. */
function later(ms: number): Platform {
  const { clock } = nodePlatform;
  return { ...nodePlatform, clock: { now: () => clock.now() + ms, monotonic: () => clock.monotonic() } };
}

/** The same answer and signature, with another address in it. */
function redirected(signed: string): string {
  const [header, payload = '', signature] = signed.split('.');
  const answer = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { bootstrap: string };
  answer.bootstrap = '127.0.0.1:1';
  return [header, Buffer.from(JSON.stringify(answer)).toString('base64url'), signature].join('.');
}

test('with the service down a copy that was changed, is older or has expired is refused', async (t) => {
  await using database = await startDatabaseFixture();
  await using keys = await keyDirectory();
  const cluster = await startFixture(t);
  const { bootstrap } = cluster;
  await cluster.admin.createTopics([{ topic, partitions: 1 }]);
  const directory = await mkdtemp(join(tmpdir(), 'millrace-copies-'));
  t.after(() => rm(directory, { recursive: true }));
  const copy = join(directory, `answers/producer-${topic}.jws`);
  const service = await startConfigProcess(await database.emptyDatabase(), keys);
  const enrolment = await (async () => {
    await service.declare('cluster', 'east', { name: 'east', bootstrap });
    await service.declare('team', 'shop', { name: 'shop' });
    const uses = [{ cluster: 'east', topic, role: 'producer' as const }];
    await service.declare('application', 'shop', { name: 'shop', team: 'shop', uses });
    return await service.enrol('shop');
  })();
  const given = { enrolment, directory, answerTimeoutMs: 2_000 };
  const write = async (value: string, options: Partial<ResilientClientOptions> = {}): Promise<void> => {
    await using client = await openResilientClient({ ...given, ...options });
    const writer = await client.producer({ topic });
    await writer.send({ topic, value, timestamp: Date.now() });
  };
  const copies: string[] = [];
  {
    await using client = await openResilientClient(given);
    await (await client.producer({ topic })).send({ topic, value: 'with a service' });
    copies.push(await readFile(copy, 'utf8'));
    const version = client.status().streams[0]?.answerVersion ?? 0;
    await service.declare('client_setting', 'slow', { name: 'slow', set: { 'linger.ms': 7 } });
    await eventually(() => (client.status().streams[0]?.answerVersion ?? 0) > version);
    copies.push(await readFile(copy, 'utf8'));
  }
  await service[Symbol.asyncDispose]();
  const [older = '', good = ''] = copies;
  await write('without one');

  const refused = (problem: RegExp) => ({ code: 'config_unavailable', message: problem });
  const wants = [{ topic, role: 'producer' as const }];
  for (const [text, problem] of [
    [redirected(good), /earlier answer is refused \(its signature does not hold/],
    [older, /earlier answer is refused \(the answer for topic orders has version \d+, and one of version \d+ was seen/],
  ] as const) {
    await writeFile(copy, text);
    await assert.rejects(write('never'), refused(problem));
    await assert.rejects(startSidecar({ ...given, wants }), refused(problem));
  }
  await writeFile(copy, good);
  const expired = /earlier answer is refused \(the answer for topic orders held until/;
  await assert.rejects(write('never', { platform: later(8 * daysMs) }), refused(expired));
  await write('still good', { platform: later(6 * daysMs) });
  assert.deepEqual(await valuesOf(bootstrap, topic), ['with a service', 'without one', 'still good']);
});
