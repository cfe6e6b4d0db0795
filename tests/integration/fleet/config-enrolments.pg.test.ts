/** How enrolments of applications end: by themselves, and with their application. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listEnrolmentsContract } from '@millrace/api/config';
import { isMillraceError } from '@millrace/base';
import { eventually } from '../../support/eventually.ts';
import { millrace } from '../../support/millrace-command.ts';
import {
  type ConfigProcess,
  declareShop,
  Instance,
  installation,
  keyDirectory,
  startConfigProcess,
} from './config-fixture.ts';
import { startDatabaseFixture } from './database-fixture.ts';

const producer = { topic: 'orders', role: 'producer' } as const;

async function isRefused(instance: Instance, { url }: ConfigProcess): Promise<boolean> {
  try {
    await instance.ask(url, producer);
    return false;
  } catch (error) {
    if (isMillraceError(error, 'token_required')) return true;
    throw error;
  }
}

test('an application that is declared again is another one: what it was enrolled with before stays ended', async () => {
  await using database = await startDatabaseFixture();
  await using keys = await keyDirectory();
  const url = await database.emptyDatabase();
  await using service = await startConfigProcess(url, keys);
  await using other = await startConfigProcess(url, keys);
  await declareShop(service);
  const spec = service.plane.record.current().get('application', 'shop')?.spec ?? assert.fail();
  const instance = await Instance.of(await service.enrol('shop'));
  await eventually(async () => !(await isRefused(instance, other)));

  await service.declare('application', 'shop', { ...spec, description: 'the same one' });
  await service.declare('application', 'shop', null);
  await eventually(async () => (await isRefused(instance, service)) && (await isRefused(instance, other)));
  await assert.rejects(service.enrol('shop'), { code: 'not_found' });
  await service.declare('application', 'shop', spec);
  const again = await Instance.of(await service.enrol('shop'));
  for (const each of [service, other]) {
    await eventually(async () => !(await isRefused(again, each)));
    assert.ok(await isRefused(instance, each));
  }
  const { items } = await service.call(listEnrolmentsContract, { params: { name: 'shop' } });
  assert.deepEqual(
    items.map(({ endedAt }) => endedAt !== null),
    [false, true],
  );
});

test('the command line lists enrolments, and ends one of them', async () => {
  await using database = await startDatabaseFixture();
  await using keys = await keyDirectory();
  await using service = await startConfigProcess(await database.emptyDatabase(), keys);
  await declareShop(service);
  const run = async (...words: string[]): Promise<{ readonly code: number | null; readonly text: string }> => {
    const env = { MILLRACE_TOKEN: installation };
    const { code, text, stderr } = await millrace(['config', ...words, '--server', service.url], { env });
    return { code, text: `${text}${stderr}` };
  };
  const [ends, stays] = [
    await Instance.of(await service.enrol('shop')),
    await Instance.of(await service.enrol('shop')),
  ];
  const { items } = await service.call(listEnrolmentsContract, { params: { name: 'shop' } });
  const [newest = '', oldest = ''] = items.map(({ id }) => id);
  assert.match((await run('enrolments', 'shop')).text, new RegExp(`${newest} [^]*${oldest} `));
  assert.equal((await run('end-enrolment', 'shop', oldest)).code, 2);
  assert.match((await run('end-enrolment', 'shop', oldest, '--dry-run')).text, /^Would end the enrolment/);
  assert.equal(await isRefused(ends, service), false);
  const ended = await run('end-enrolment', 'shop', oldest, '--yes', '--why', 'a laptop was lost');
  assert.match(ended.text, new RegExp(`^Ended the enrolment ${oldest} of shop\\.$`, 'm'));
  await eventually(() => isRefused(ends, service));
  assert.equal(await isRefused(stays, service), false);
  const twice = await run('end-enrolment', 'shop', oldest, '--yes');
  assert.equal(twice.code, 1);
  assert.match(twice.text, /has no enrolment .* that could be ended/);
});
