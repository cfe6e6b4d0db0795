/** Opens a client that configures itself: what an instance needs, put together. */
import { nodePlatform, type Platform } from '@millrace/base';
import { AnswerSource } from './answers/answer-source.ts';
import { AnswerStore } from './answers/answer-store.ts';
import { ClusterClients } from './clients/cluster-clients.ts';
import { readEnrolment } from './enrolment.ts';
import type { Report } from './report.ts';
import type { ResilientClient, ResilientClientOptions } from './resilient.ts';
import { SelfConfiguredClient } from './self-configured-client.ts';

const answerTimeoutMsDefault = 30_000;
const drainTimeoutMsDefault = 30_000;

/**
 * Opens a client. It asks the config service when it first needs an answer, and starts from a signed copy in its
 * directory where no service answers.
 *
 * @throws EnrolmentError, DiskError
 */
export async function openResilientClient(options: ResilientClientOptions): Promise<ResilientClient> {
  const platform: Platform = options.platform ?? nodePlatform;
  const report: Report = options.report ?? (() => undefined);
  const enrolment = await readEnrolment(options.enrolment);
  const { directory, site } = options;
  const store = await AnswerStore.open({ enrolment, directory, now: () => platform.clock.now(), report });
  const source = new AnswerSource({ enrolment, store, platform, site, report });
  const clients = new ClusterClients(options.platform, report, store.clusterIds);
  const { answerTimeoutMs = answerTimeoutMsDefault, drainTimeoutMs = drainTimeoutMsDefault } = options;
  const parts = { platform, report, enrolment, store, source, clients, site };
  return new SelfConfiguredClient({ ...parts, answerTimeoutMs, drainTimeoutMs });
}
