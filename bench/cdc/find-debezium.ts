/** Debezium's connector, fetched by Maven into the cache once. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kafkaSource } from '@millrace/engines';

const artifacts = fileURLToPath(new URL('./debezium.pom.xml', import.meta.url));

export interface Debezium {
  readonly version: string;
  /** For `plugin.path`: a folder with the connector's. */
  readonly pluginPath: string;
}

/** Fetches it where it is not there yet. */
export function findDebezium(tell: (message: string) => void): Debezium {
  const pom = readFileSync(artifacts, 'utf8');
  const version = /<debezium\.version>([^<]+)</.exec(pom)?.[1] ?? 'unknown';
  const hash = createHash('sha256').update(pom).digest('hex').slice(0, 12);
  const directory = join(kafkaSource(process.env).cacheDirectory, `debezium-${version}-${hash}`);
  if (!existsSync(directory)) {
    tell(`Fetching Debezium ${version} into ${directory}, once.`);
    const draft = `${directory}.${process.pid}`;
    mkdirSync(draft, { recursive: true });
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime'];
    const to = `-DoutputDirectory=${join(draft, 'connector')}`;
    execFileSync('mvn', ['-B', '-ntp', '-f', artifacts, ...goal, to], { stdio: ['ignore', 'ignore', 'inherit'] });
    try {
      renameSync(draft, directory);
    } catch {
      // Somebody else was quicker.
      rmSync(draft, { recursive: true, force: true });
    }
  }
  return { version, pluginPath: directory };
}
