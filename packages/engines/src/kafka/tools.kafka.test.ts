import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { ProgramResult } from '../processes/run-program.ts';
import { kafkaForTests } from '../testing/apache-kafka.ts';
import { type KafkaTool, runKafkaTool, type ToolOptions } from './run-kafka-tool.ts';
import { openToolSession } from './tool-session.ts';

const kafka = await kafkaForTests('any');

test("Kafka's tools", { skip: kafka.skip }, async (t) => {
  await using cluster = await kafka.cluster();
  await using session = await openToolSession(kafka.distribution);
  const ways = {
    'in a Java of its own': (tool: KafkaTool, args: readonly string[], options?: ToolOptions) =>
      runKafkaTool(kafka.distribution, tool, [...args, '--bootstrap-server', cluster.bootstrap()], options),
    'in a session': (tool: KafkaTool, args: readonly string[], options?: ToolOptions) =>
      session.run(tool, [...args, '--bootstrap-server', cluster.bootstrap()], options),
  };
  for (const [way, run] of Object.entries(ways)) {
    const topic = `tools-${process.pid}-${way.replaceAll(' ', '-')}`;

    await t.test(`${way}: says what it did, and what was wrong by its exit code`, async () => {
      const created = await run('kafka-topics', ['--create', '--topic', topic]);
      assert.deepEqual([created.code, created.stdout], [0, `Created topic ${topic}.\n`], created.stderr);
      const again = await run('kafka-topics', ['--create', '--topic', topic]);
      assert.equal(again.code, 1);
      assert.match(again.stdout, /already exists/);
      const nonsense = await run('kafka-topics', ['--nonsense']);
      assert.equal(nonsense.code, 1);
      assert.match(nonsense.stderr, /nonsense is not a recognized option/);
    });
    await t.test(`${way}: reads its input and ends with it`, async () => {
      const produced = await run('kafka-console-producer', ['--topic', topic], { input: 'one\nzwölf\n' });
      assert.equal(produced.code, 0, produced.stderr);
      const consumed = await consume(run, topic, ['--max-messages', '2']);
      assert.deepEqual([consumed.code, consumed.stdout], [0, 'one\nzwölf\n'], consumed.stderr);
    });
    await t.test(`${way}: is stopped after its time`, async () => {
      const { code, stderr } = await consume(run, topic, [], { stopAfterMs: 2_000 });
      assert.equal(code, 143, stderr);
    });
    await t.test(`${way}: says its last words`, async () => {
      const { code, stdout } = await run('kafka-verifiable-producer', ['--topic', topic, '--max-messages', '3']);
      assert.equal(code, 0);
      assert.match(stdout, /"name":"tool_data".*"sent":3/);
    });
  }
  await t.test("a session runs programs of one's own beside Kafka's classes", async () => {
    const program = join(await mkdtemp(join(tmpdir(), 'millrace-tools-')), 'Greeting.java');
    const main = 'public static void main(String[] words) { System.out.println("hello " + words[0]); }';
    await writeFile(program, `public final class Greeting { ${main} }`);
    try {
      await using own = await openToolSession(kafka.distribution, { programs: [program] });
      const { code, stdout } = await own.runClass('Greeting', ['world']);
      assert.deepEqual([code, stdout], [0, 'hello world\n']);
    } finally {
      await rm(dirname(program), { recursive: true });
    }
  });
  await t.test('calls of a session wait for each other', async () => {
    const list = ['--list'];
    const results = await Promise.all([1, 2, 3].map(() => ways['in a session']('kafka-topics', list)));
    for (const { code, stdout } of results) assert.deepEqual([code, stdout], [0, results[0]?.stdout]);
  });
});

function consume(
  run: (tool: KafkaTool, args: readonly string[], options?: ToolOptions) => Promise<ProgramResult>,
  topic: string,
  args: readonly string[],
  options?: ToolOptions,
): Promise<ProgramResult> {
  return run('kafka-console-consumer', ['--topic', topic, '--from-beginning', ...args], options);
}
