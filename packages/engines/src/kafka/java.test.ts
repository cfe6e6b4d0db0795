import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findDistribution } from './distribution.ts';
import { findJava } from './java.ts';
import { KafkaEngineError } from './kafka-engine-error.ts';

/** A directory with a `bin/java` that says it is of this version. */
async function javaHome(version: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'millrace-java-'));
  await mkdir(join(home, 'bin'));
  await writeFile(join(home, 'bin', 'java'), `#!/bin/sh\necho 'openjdk version "${version}" 2026-01-01' >&2\n`);
  await chmod(join(home, 'bin', 'java'), 0o755);
  return home;
}

function isAbsence(code: string, pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof KafkaEngineError && error.isAbsence);
    assert.equal(error.code, code);
    assert.match(error.message, pattern);
    return true;
  };
}

test('says in a sentence that Java is missing or too old', async (t) => {
  await assert.rejects(
    findJava('/nowhere'),
    isAbsence('java_missing', /^Apache Kafka needs Java 17 or newer: install/),
  );
  for (const version of ['11.0.2', '1.8.0_392']) {
    const home = await javaHome(version);
    t.after(() => rm(home, { recursive: true }));
    await assert.rejects(
      findJava(home),
      isAbsence('java_missing', new RegExp(`is ${version.replaceAll('.', '\\.')}:`)),
    );
  }
});

test('takes a newer Java', async (t) => {
  const home = await javaHome('21.0.4');
  t.after(() => rm(home, { recursive: true }));
  assert.deepEqual(await findJava(home), { program: join(home, 'bin', 'java'), feature: 21, version: '21.0.4' });
});

test('refuses a KAFKA_HOME that holds no Kafka or an old one', async (t) => {
  const home = await javaHome('17.0.1');
  t.after(() => rm(home, { recursive: true }));
  const source = { cacheDirectory: join(home, 'cache'), home, javaHome: home };
  const refused = (pattern: RegExp) => (error: unknown) => {
    assert.ok(error instanceof KafkaEngineError && !error.isAbsence);
    assert.equal(error.code, 'kafka_home_unusable');
    assert.match(error.message, pattern);
    return true;
  };
  await assert.rejects(
    findDistribution(source, () => undefined),
    refused(/no Kafka broker/),
  );
  await mkdir(join(home, 'libs'));
  await writeFile(join(home, 'libs', 'kafka_2.13-3.9.0.jar'), '');
  await assert.rejects(
    findDistribution(source, () => undefined),
    refused(/Kafka 3\.9\.0/),
  );
  await rm(join(home, 'libs', 'kafka_2.13-3.9.0.jar'));
  await writeFile(join(home, 'libs', 'kafka_2.13-4.0.1.jar'), '');
  const { version, classPath } = await findDistribution(source, () => undefined);
  assert.deepEqual([version, classPath], ['4.0.1', join(home, 'libs', 'kafka_2.13-4.0.1.jar')]);
});
