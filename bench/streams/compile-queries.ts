/** Compiles the queries in Java beside Kafka's jars, once for each version of their sources. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { KafkaDistribution } from '@millrace/engines';

const folder = fileURLToPath(new URL('./java/', import.meta.url));

/** The folder with the classes. Rejects with what the compiler says. */
export async function compileQueries({ directory, java, classPath }: KafkaDistribution): Promise<string> {
  const sources = (await readdir(folder)).filter((name) => name.endsWith('.java')).map((name) => join(folder, name));
  const hash = createHash('sha256');
  for (const source of sources) hash.update(await readFile(source));
  const classes = join(directory, `nexmark-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(classes)) return classes;
  await mkdir(directory, { recursive: true });
  const draft = await mkdtemp(`${classes}-`);
  const compiler = ['-m', 'jdk.compiler/com.sun.tools.javac.Main', '--release', '17', '-proc:none'];
  try {
    await promisify(execFile)(java.program, [...compiler, '-d', draft, '-cp', classPath, ...sources]);
    await rename(draft, classes);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(classes)) throw error;
  }
  return classes;
}
