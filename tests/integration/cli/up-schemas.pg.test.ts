/** The registries that `up` serves beside the first cluster's: what is registered at one is read at all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { Server } from '../../support/millrace-command.ts';

test('schemas are mirrored to the other clusters, which have registries of their own', async () => {
  await using up = await Server.start('up', { words: ['--no-demo'] });
  const { registryUrl, registryReplicas } = up.ready as unknown as {
    registryUrl: string;
    registryReplicas: { cluster: string; url: string }[];
  };
  assert.deepEqual(
    registryReplicas.map(({ cluster }) => cluster),
    ['west'],
  );
  const replica = registryReplicas[0]?.url;
  const schema = JSON.stringify({ schema: '"string"' });
  const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' };
  const registered = await fetch(`${replica}/subjects/words-value/versions`, { method: 'POST', headers, body: schema });
  const { id } = (await registered.json()) as { id: number };
  for (const url of [registryUrl, replica]) {
    const read = await fetch(`${url}/schemas/ids/${id}`);
    assert.deepEqual(await read.json(), { schema: '"string"' });
  }
  let copied = '';
  const isCopied = async (): Promise<boolean> => {
    const { text } = await up.run(['consume', 'millrace.schemas', '--cluster', 'west', '--exit-at-end', '--json']);
    copied = text;
    return copied.includes('words-value');
  };
  await eventually(isCopied, { timeoutMs: 60_000, describe: () => `west has: ${copied}` });
  const { text } = await up.run(['mirror', 'list', '--json']);
  const { mirrors } = JSON.parse(text) as {
    mirrors: { name: string; source: string; target: string; state: string }[];
  };
  assert.deepEqual(
    mirrors.map(({ name, source, target, state }) => [name, source, target, state]),
    [['schemas-to-west', 'east', 'west', 'running']],
  );
});
