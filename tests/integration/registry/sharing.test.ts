/**
 * Several registries on one topic: whoever writes fences the others, processes die at any moment, and the home cluster
 * goes away and comes back. No id ever stands for two schemas, and what was acknowledged stays.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMillraceError } from '@millrace/base';
import { openRegistry } from '@millrace/registry';
import { eventually } from '../../support/eventually.ts';
import { ask, startRegistry } from './registry-fixture.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const program = fileURLToPath(new URL('./registry-process.ts', import.meta.url));

const enumOf = (name: string): string => JSON.stringify({ type: 'enum', name, symbols: ['A'] });

test('registries that write at a time take turns, and read the same in the end', async (t) => {
  const { kafka, url, another } = await startRegistry(t);
  const other = await another();
  const urls = [url, other.url];
  const ids = new Map<string, number>();
  const writers = urls.map(async (each, writer) => {
    for (let n = 0; n < 8; n++) {
      const name = `S${writer}x${n}`;
      const { status, json } = await ask(each, 'POST', `/subjects/${name}/versions`, { schema: enumOf(name) });
      assert.equal(status, 200, JSON.stringify(json));
      ids.set(name, json.id);
      const shared = await ask(each, 'POST', `/subjects/shared${n}/versions`, { schema: enumOf(`Shared${n}`) });
      assert.equal(shared.json.version, 1);
      const before = ids.get(`shared${n}`);
      assert.ok(before === undefined || before === shared.json.id, 'one content has one id');
      ids.set(`shared${n}`, shared.json.id);
    }
  });
  await Promise.all(writers);
  assert.equal(new Set(ids.values()).size, 24);
  await using late = openRegistry({ home: kafka.client });
  const state = await late.state();
  for (const [subject, id] of ids) assert.equal(state.versions(subject)[0]?.id, id);
  for (const each of urls) {
    await eventually(async () => (await ask(each, 'GET', '/subjects')).json.length === ids.size);
  }
});

test('without its home a registry reads and refuses writes, until the home is back', async (t) => {
  const { kafka } = await startRegistry(t);
  await using registry = openRegistry({ home: kafka.client, writeTimeoutMs: 1_500 });
  const request = { schemaType: 'AVRO', schema: '"int"', references: [], normalize: false } as const;
  const { id } = await registry.register('a', request);
  await kafka.stop();
  assert.equal((await registry.state()).versions('a')[0]?.id, id);
  assert.equal((await registry.register('a', request)).id, id, 'what is there already takes no write');
  await assert.rejects(registry.register('b', request), { code: 'home_unreachable', errorCode: 50003, status: 500 });
  await kafka.restart();
  const write = (): Promise<number> => registry.register('b', { ...request, schema: '"long"' }).then((made) => made.id);
  let written = 0;
  await eventually(async () => {
    written = await write().catch((error: unknown) => {
      if (isMillraceError(error, 'home_unreachable')) return 0;
      throw error;
    });
    return written > 0;
  });
  assert.equal(written, id + 1);
});

test('a replica of the topic answers reads where the home was never reached', async (t) => {
  const { kafka, ask: askHome } = await startRegistry(t);
  await askHome('POST', '/subjects/a/versions', { schema: '"int"' });
  const unreachable = kafka.connect({ bootstrap: '127.0.0.1:1', callTimeoutMs: 500 });
  const warnings: string[] = [];
  await using registry = openRegistry({
    home: unreachable,
    replica: kafka.client,
    writeTimeoutMs: 500,
    warn: (message) => warnings.push(message),
  });
  assert.equal((await registry.state()).versions('a')[0]?.id, 1);
  const request = { schemaType: 'AVRO', schema: '"long"', references: [], normalize: false } as const;
  await assert.rejects(registry.register('b', request), { code: 'home_unreachable' });
  assert.match(warnings.join(), /schemas can't be read, which is tried again/);
});

test('killed processes lose nothing that they acknowledged, and give no id twice', async (t) => {
  const { kafka } = await startRegistry(t);
  const schemas = new Map<number, string>();
  const acknowledged = new Map<string, number>();
  const gone = new Set<string>();
  const rounds = Math.max(2, Math.round(5 * scale));
  for (let round = 0; round < rounds; round++) {
    const processes = await Promise.all([startProcess(t, kafka.bootstrap), startProcess(t, kafka.bootstrap)]);
    const writers = processes.map(({ url }, writer) =>
      writeUntilKilled(
        url,
        `R${round}w${writer}`,
        (name, id) => {
          const before = schemas.get(id);
          assert.ok(before === undefined || before === name, `id ${id} stands for ${before} and ${name}`);
          schemas.set(id, name);
          acknowledged.set(name, id);
        },
        gone,
      ),
    );
    for (const { child } of processes) {
      await pause(300 + Math.random() * 700);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await Promise.all(writers);
  }
  assert.ok(acknowledged.size >= rounds, `${acknowledged.size} were acknowledged`);
  t.diagnostic(`${acknowledged.size} registrations over ${rounds} rounds, ${gone.size} deleted for good`);
  await using late = openRegistry({ home: kafka.client });
  const state = await late.state();
  const idOfContent = new Map<string, number>();
  for (const subject of state.subjects('all')) {
    for (const { id, schema } of state.versions(subject, 'all')) {
      assert.equal(idOfContent.get(schema) ?? id, id);
      idOfContent.set(schema, id);
    }
  }
  assert.equal(new Set(idOfContent.values()).size, idOfContent.size, 'each id stands for one content');
  for (const [name, id] of acknowledged) {
    if (!gone.has(name)) assert.equal(state.versions(name)[0]?.id, id, `${name} is there under its id`);
  }
});

interface RegistryProcess {
  readonly child: ChildProcess;
  readonly url: string;
}

async function startProcess(t: TestContext, bootstrap: string): Promise<RegistryProcess> {
  const child = fork(program, [bootstrap]);
  t.after(() => child.kill('SIGKILL'));
  const [url] = (await once(child, 'message')) as [string];
  return { child, url };
}

/** Registers one schema after the other, and deletes every third for good, until nobody answers any more. */
async function writeUntilKilled(
  url: string,
  prefix: string,
  onWritten: (name: string, id: number) => void,
  gone: Set<string>,
): Promise<void> {
  for (let n = 0; ; n++) {
    const name = `${prefix}n${n}`;
    try {
      const { status, json } = await ask(url, 'POST', `/subjects/${name}/versions`, { schema: enumOf(name) });
      if (status === 500) continue;
      assert.equal(status, 200, JSON.stringify(json));
      onWritten(name, json.id);
      if (n % 3 !== 2) continue;
      gone.add(name);
      await ask(url, 'DELETE', `/subjects/${name}`);
      await ask(url, 'DELETE', `/subjects/${name}?permanent=true`);
    } catch (error) {
      // fetch fails so when the other side is gone.
      if (error instanceof TypeError) return;
      throw error;
    }
  }
}
