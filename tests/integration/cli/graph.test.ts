/** Graphs from the command line. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { millrace } from '../../support/millrace-command.ts';

const folder = await mkdtemp(join(tmpdir(), 'millrace-graph-cli-'));
after(() => rm(folder, { recursive: true }));
const place = ['--directory', join(folder, 'store')];

test('a CSV file is loaded, queried by Gremlin, exported, and loaded again', async () => {
  const csv = join(folder, 'transfers.csv');
  await writeFile(csv, 'payer,payee,amount\na,b,5\na,b,7\nb,c,7\n');
  const columns = ['--from', 'payer', '--to', 'payee', '--weight', 'amount', '--label', 'pays', '--key-by-line'];
  const loaded = await millrace(['graph', 'load', csv, ...columns, ...place, '--json']);
  assert.equal(loaded.code, 0, loaded.stderr);
  assert.equal(JSON.parse(loaded.text).edges, 3);

  const query = (text: string): ReturnType<typeof millrace> => millrace(['graph', 'query', text, ...place]);
  assert.equal((await query("g.V('a').outE('pays').has('weight', gt(6)).inV().out().id()")).text, '"c"\n');
  const cut = await millrace(['graph', 'query', "g.V('a').out().id()", '--fan-out', '1', ...place]);
  assert.deepEqual([cut.code, cut.text], [3, '"b"\n']);
  assert.match(cut.stderr, /There may be more/);
  const wrong = await query('g.V().nonsense()');
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /at character 7 .*nonsense\(\) is not known here/);

  const exported = await millrace(['graph', 'export', ...place]);
  const again = join(folder, 'again.jsonl');
  await writeFile(again, exported.text);
  const other = ['--directory', join(folder, 'other')];
  assert.equal((await millrace(['graph', 'load', again, ...other])).code, 0);
  assert.equal((await millrace(['graph', 'export', ...other])).text, exported.text);
});
