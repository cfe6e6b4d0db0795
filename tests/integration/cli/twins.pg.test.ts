/** Twins and resets as commands, against a running platform. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Outcome, type RunOptions, Server } from '../../support/millrace-command.ts';

let server: Server;
before(async () => {
  server = await Server.start('up', { words: ['--no-demo'] });
});
after(() => server?.[Symbol.asyncDispose]());

/** Runs a command that has to end with this code. */
async function run(line: string, code = 0, options: RunOptions = {}): Promise<Outcome> {
  const outcome = await server.run(line.split(' '), options);
  assert.equal(outcome.code, code, `${line}: ${outcome.text}${outcome.stderr}`);
  return outcome;
}

const linesOf = ({ text }: Outcome) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('a twin is made, told apart from its source, brought back and deleted', async () => {
  await run('topic create orders --cluster east --partitions 2');
  const shown = await run('twin create qa --of east --brokers 1 --dry-run');
  assert.match(shown.text, /Make qa, a twin of east\n {2}Start qa with 1 broker, declared as the twin of east/);
  assert.equal((await run('twin create qa --of east', 2)).text.includes('Plan'), true, 'nobody can be asked');
  assert.match((await run('twin create qa --of east --brokers 1 --yes')).text, /: done, 3 steps\.\n$/);
  assert.match((await run('twin list')).text, /^TWIN.*\nqa +east +- +1 +yes +127\.0\.0\.1:\d+\n$/);
  const [list] = linesOf(await run('twin list --json'));
  assert.deepEqual([list.items[0].name, list.items[0].source], ['qa', 'east']);
  await run('topic create visits --cluster east');
  const diff = await run('twin diff qa', 3);
  assert.match(diff.text, /the twin lacks the topic visits\n/);
  await run('twin sync qa --yes');
  const same = await run('twin diff qa --json', 3);
  const kinds: string[] = linesOf(same)[0].differences.map(({ kind }: { kind: string }) => kind);
  assert.deepEqual([...new Set(kinds)], ['broker'], 'of three brokers it has one');
});

test('a sample of records is masked by rules of the command line', async () => {
  await run('produce orders --cluster east', 0, { input: '{"email":"ann@example.com","total":7}\n' });
  const refused = await run('twin sample qa -t orders --yes', 1);
  assert.match(refused.stderr, /orders has no data class, so that it counts as confidential/);
  await run('twin sample qa -t orders --mask value.email=hash --mask value:/total=keep --yes --why test');
  const [twin] = linesOf(await run('twin list --json'))[0].items;
  const read = await run(`consume orders --bootstrap ${twin.bootstrap} --from earliest --exit-at-end`);
  assert.match(read.text, /^\{"email":"[0-9a-f]{32}","total":7\}\n$/);
  await run('twin sample qa -t orders --mask value.email=hide --yes', 2);
  await run('twin delete qa --yes');
  assert.deepEqual(linesOf(await run('twin list --json'))[0].items, []);
});

test('offsets of a group are reset by the control plane', async () => {
  await run('group reset-offsets billing --to latest --topic orders --cluster east --yes');
  const url = server.ready.url ?? '';
  const reset = await run(`group reset-offsets billing --shift=-1 --cluster east --server ${url} --yes`);
  assert.match(reset.text, /note: as the topics are now, 0 offsets are skipped and 1 read again/);
  const [described] = linesOf(await run('group describe billing --cluster east --json'));
  assert.match(JSON.stringify(described), /"committed":0/);
  const back = await run('group reset-offsets billing --shift=1 --cluster east --yes --json');
  assert.equal(
    linesOf(back)[0].offsets.some(({ to }: { to: number }) => to === 1),
    true,
  );
  await run(`group reset-offsets billing --to earliest --server ${url}`, 2);
});

test('connectors are none where no Connect cluster is declared', async () => {
  assert.deepEqual(linesOf(await run('connect list --json')), [{ items: [] }]);
  assert.match((await run('connect apply --yes')).text, /All connectors are as declared\n {2}nothing is to be done\n/);
  await run('connect restart nonsense', 2);
});
