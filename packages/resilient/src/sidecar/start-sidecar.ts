/** Starts a sidecar: what it needs, put together. */
import { nodePlatform, type Platform } from '@millrace/base';
import { InvalidOptionError } from '@millrace/client';
import { AnswerSource } from '../answers/answer-source.ts';
import { AnswerStore } from '../answers/answer-store.ts';
import { PrivateFiles } from '../answers/private-files.ts';
import { ClusterClients } from '../clients/cluster-clients.ts';
import type { ClusterIds } from '../clients/cluster-ids.ts';
import { FollowedTarget } from '../clients/followed-target.ts';
import { readEnrolment } from '../enrolment.ts';
import { GroupNotTranslatedError } from '../errors.ts';
import type { Report } from '../report.ts';
import { RunningSidecar } from './running-sidecar.ts';
import type { Sidecar, SidecarOptions } from './sidecar.ts';
import { groupsAreTranslated } from './sidecar-groups.ts';
import { SidecarState } from './sidecar-state.ts';

const answerTimeoutMsDefault = 30_000;
const drainTimeoutMsDefault = 30_000;
const connectionsMaxDefault = 1_000;
const frameBytesMaxDefault = 100 * 1024 * 1024;

/**
 * Starts a sidecar, from a signed copy in its directory where no service answers. It listens on 127.0.0.1 alone.
 *
 * @throws EnrolmentError, ConfigUnavailableError, ConfigRefusedError, TopicsApartError, UnfitAnswerError,
 *   GroupNotTranslatedError, ListenError, DiskError
 */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const { directory, site, wants, answerTimeoutMs = answerTimeoutMsDefault } = options;
  if (wants.length === 0) throw new InvalidOptionError('wants', 'is empty; name a topic that programs use');
  const platform: Platform = options.platform ?? nodePlatform;
  const report: Report = options.report ?? (() => undefined);
  const enrolment = await readEnrolment(options.enrolment);
  const store = await AnswerStore.open({ enrolment, directory, now: () => platform.clock.now(), report });
  const source = new AnswerSource({ enrolment, store, platform, site, report });
  const abort = new AbortController();
  let followed: FollowedTarget | undefined;
  let running: RunningSidecar | undefined;
  try {
    followed = await FollowedTarget.open({
      ...{ source, wants, platform, report, timeoutMs: answerTimeoutMs, signal: abort.signal },
      clients: new ClusterClients(options.platform, report),
      key: store.instance.key,
      ids: store.clusterIds,
      changed: () => running?.answered(),
    });
    const files = await PrivateFiles.open(directory);
    const state = await openState(files, store.clusterIds, enrolment.application, followed);
    running = new RunningSidecar({
      ...{ platform, report, enrolment, site, source, followed, state, files, ids: store.clusterIds },
      instance: store.instance.id,
      drainTimeoutMs: options.drainTimeoutMs ?? drainTimeoutMsDefault,
      connectionsMax: options.connectionsMax ?? connectionsMaxDefault,
      frameBytesMax: options.frameBytesMax ?? frameBytesMaxDefault,
    });
    await running.listen(options.port ?? 0);
    return running;
  } catch (error) {
    if (running !== undefined) await running.close();
    else {
      followed?.close();
      await source.close();
    }
    throw error;
  }
}

/** The secret of the place that the topics are on now; groups that were seen elsewhere have to be there too. */
async function openState(
  files: PrivateFiles,
  ids: ClusterIds,
  application: string,
  followed: FollowedTarget,
): Promise<SidecarState> {
  const place = () => followed.wanted.target.cluster;
  const state = await SidecarState.open(files, ids, application, place());
  const holds = (): boolean => !state.isElsewhere(place()) || groupsAreTranslated(state.groups, followed.answers);
  await followed.until(holds, (waitedMs) => {
    const [group = '', topic = ''] = [state.groups[0], followed.answers[0]?.want.topic];
    return new GroupNotTranslatedError(group, topic, state.place.name, place(), waitedMs);
  });
  if (state.isElsewhere(place())) await state.move(place());
  return state;
}
