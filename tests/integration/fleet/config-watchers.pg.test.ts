/** Many who watch two processes of the config service, which are killed and replaced under them. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { followContract } from '@millrace/api';
import { configWatchContract, type UntrustedConfigError } from '@millrace/api/config';
import { isMillraceError } from '@millrace/base';
import { eventually } from '../../support/eventually.ts';
import { declareShop, Instance, installation, keyDirectory, startConfigProcess } from './config-fixture.ts';
import { startDatabaseFixture } from './database-fixture.ts';

const program = fileURLToPath(new URL('./config-program.ts', import.meta.url));
const count = Math.max(50, Math.round(200 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));
const want = { topic: 'orders', role: 'producer' } as const;

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

async function start(databaseUrl: string, keys: { readonly path: string }, port = '0'): Promise<Running> {
  const child = fork(program, [databaseUrl, `${keys.path}/keys`, port, installation]);
  const [url] = (await once(child, 'message')) as [string];
  return { child, url };
}

async function kill({ child }: Running): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Watches whichever process there is, and believes nothing older than what it has seen. */
async function follow(instance: Instance, urls: readonly string[], seen: Map<Instance, string>, signal: AbortSignal) {
  const { token } = instance.enrolment;
  const query = { wants: 'producer:orders', instance: instance.id };
  let version = 0;
  for (let turn = seen.size; !signal.aborted; turn++) {
    try {
      for await (const { event, data } of followContract(
        urls[turn % urls.length] ?? '',
        configWatchContract,
        { query },
        { token, signal },
      )) {
        if (event !== 'answer' || !('signed' in data)) continue;
        const answer = await instance.verified(data.signed, want, version);
        version = answer.version;
        seen.set(instance, answer.settings['linger.ms']?.value ?? '');
      }
    } catch (error) {
      if (signal.aborted) return;
      const isOlder = isMillraceError(error, 'config_untrusted') && (error as UntrustedConfigError).reason === 'older';
      if (!isOlder && !isMillraceError(error, 'server_unreachable')) throw error;
    }
    await delay(20 + 100 * Math.random());
  }
}

test(`${count} who watch are told each change, whichever process is killed meanwhile`, async () => {
  await using database = await startDatabaseFixture();
  await using keys = await keyDirectory();
  const databaseUrl = await database.emptyDatabase();
  const enrolment = await (async () => {
    await using first = await startConfigProcess(databaseUrl, keys);
    await declareShop(first);
    return await first.enrol('shop');
  })();
  const running = await Promise.all([start(databaseUrl, keys), start(databaseUrl, keys)]);
  const urls = running.map(({ url }) => url);
  const leave = new AbortController();
  const seen = new Map<Instance, string>();
  const instances = await Promise.all(Array.from({ length: count }, () => Instance.of(enrolment)));
  const following = instances.map((instance) => follow(instance, urls, seen, leave.signal));
  const told = (linger: number): Promise<void> => {
    const number = (): number => [...seen.values()].filter((each) => each === String(linger)).length;
    const describe = (): string => `${number()} of ${count} were told of ${linger}`;
    return eventually(() => number() === count, { timeoutMs: 60_000, describe });
  };
  try {
    let linger = 100;
    for (let round = 0; round < 2; round++) {
      const [dies, stays] = round % 2 === 0 ? [0, 1] : [1, 0];
      const dying = running[dies] ?? assert.fail();
      running[stays]?.child.send(++linger);
      await told(linger);
      await kill(dying);
      running[stays]?.child.send(++linger);
      await told(linger);
      running[dies] = await start(databaseUrl, keys, new URL(dying.url).port);
      running[dies]?.child.send(++linger);
      await told(linger);
    }
  } finally {
    leave.abort();
    await Promise.all(following);
    for (const each of running) await kill(each);
  }
});
