/**
 * Decides on payments of one card on an embedded store: `decisions-program.ts DIRECTORY COUNT`. All of them are
 * asked for at once, in groups of 20; each one answered is a line `ID COUNT PROCESS`: how many payments the
 * card has, and who decided.
 */
import { join } from 'node:path';
import { Decisions, FeatureState } from '@millrace/pipelines';
import { openEmbeddedRecords, openOrderedStore } from '@millrace/store';
import { cardFeatures, paymentOf, startTime } from './decided-payments.ts';

const [directory = '', count] = process.argv.slice(2);
await using records = await openEmbeddedRecords({ store: openOrderedStore({ directory: join(directory, 'state') }) });
const state = new FeatureState({ records, namespace: 'risk', set: 'histories', features: cardFeatures });
const decisions = new Decisions({
  records,
  namespace: 'risk',
  set: 'decisions',
  state,
  judge: () => ({ outcome: 'accept', score: 0, reasons: [], version: `${process.pid}` }),
  publish: () => Promise.resolve(),
  now: () => startTime + 60_000,
});
const numbers = Array.from({ length: Number(count) }, (_, at) => 1 + at);
for (let at = 0; at < numbers.length; at += 20) {
  await Promise.all(
    numbers.slice(at, at + 20).map(async (number) => {
      const { event, features, version } = await decisions.decide(paymentOf(number));
      process.stdout.write(`${event.id} ${features['count_1d']} ${version}\n`);
    }),
  );
}
