/**
 * Computes features of the handbook's transactions on an embedded store, and goes on where one that was killed was:
 * `features-program.ts DIRECTORY in-order|shuffled COUNT`. Values go to `DIRECTORY/values.csv`, some of them twice.
 */
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FeatureState, FeatureStream, type ResumePoint, type ToldFeatures } from '@millrace/pipelines';
import { openEmbeddedRecords, openOrderedStore } from '@millrace/store';
import { features, latenessMs, readArrivals } from './handbook.ts';

const [directory = '', order, count] = process.argv.slice(2);
const resumeFile = join(directory, 'resume.json');
const resume = existsSync(resumeFile) ? (JSON.parse(readFileSync(resumeFile, 'utf8')) as ResumePoint) : undefined;
await using records = await openEmbeddedRecords({ store: openOrderedStore({ directory: join(directory, 'state') }) });
const state = new FeatureState({ records, namespace: 'risk', set: 'histories', features });
const stream = new FeatureStream(state, latenessMs, resume);
const all = await readArrivals(order === 'shuffled');
const arrivals = all.slice(0, Number(count));
const batchSize = 5_000;
for (let at = resume?.position ?? 0; at < arrivals.length; at += batchSize) {
  const { told, late } = await stream.add(arrivals.slice(at, at + batchSize));
  if (late.length > 0) throw new Error(`${late.length} events came too late`);
  keep(told);
  writeFileSync(`${resumeFile}.new`, JSON.stringify(stream.resume));
  renameSync(`${resumeFile}.new`, resumeFile);
  process.stdout.write(`${at}\n`);
}
if (arrivals.length === all.length) keep((await stream.end()).told);

function keep(told: readonly ToldFeatures[]): void {
  const lines = told
    .filter(({ event }) => event.kind === 'payment')
    .map(({ event, values }) => `${event.id},${features.map(({ name }) => values[name]).join(',')}\n`);
  // The line break before it ends a line that a killed process left unfinished.
  appendFileSync(join(directory, 'values.csv'), `\n${lines.join('')}`);
}
