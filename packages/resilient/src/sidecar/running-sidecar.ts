/**
 * A sidecar that runs: follows the answers, and has connections go their way.
 *
 * On the same cluster a change is exchanged under programs: the new way has to reach the cluster first, then new
 * connections take it, and each old one ends when all that it was asked is answered, which clients take for a broker
 * that closed it: they open another and go on.
 *
 * To another cluster it goes once the offsets of all groups that it saw were translated for that move. The secret is
 * replaced first, so that nobody begins anew with what he holds (`sidecar-state.ts`); then all connections end, after
 * what is under way was answered; only then there is a way to the other cluster, for those who log in with the new
 * secret. So no client ever speaks to two clusters: what it has no answer for it reports as failed, as it would for a
 * broker that is gone, and sends it nowhere else.
 */
import type { ConfigReport } from '@millrace/api/config';
import { isMillraceError, type Listener, messageOf, type Platform } from '@millrace/base';
import { ClosedError } from '@millrace/client';
import { ByteWriter } from '@millrace/wire';
import type { AnswerSource } from '../answers/answer-source.ts';
import type { PrivateFiles } from '../answers/private-files.ts';
import type { ClusterIds } from '../clients/cluster-ids.ts';
import type { FollowedTarget } from '../clients/followed-target.ts';
import { clusterKey, isElsewhere, type Target } from '../clients/target.ts';
import { Reporter } from '../measures/reporter.ts';
import type { Report } from '../report.ts';
import { TargetFollower } from '../target-follower.ts';
import { BrokerDirectory } from './broker-directory.ts';
import { BrokerPorts, loopback } from './broker-ports.ts';
import { ClusterRoute } from './cluster-route.ts';
import { LocalConnections } from './local-connections.ts';
import type { Address, NamedBroker } from './named-brokers.ts';
import { writeProgramFiles } from './program-files.ts';
import type { Sidecar, SidecarOptions, SidecarStatus } from './sidecar.ts';
import { groupsAreTranslated } from './sidecar-groups.ts';
import { SidecarMeasures } from './sidecar-measures.ts';
import { SidecarReport } from './sidecar-report.ts';
import type { SidecarState } from './sidecar-state.ts';

export interface RunningSidecarOptions {
  readonly platform: Platform;
  readonly report: Report;
  readonly enrolment: Exclude<SidecarOptions['enrolment'], string>;
  readonly instance: string;
  readonly site: string | undefined;
  readonly source: AnswerSource;
  readonly followed: FollowedTarget;
  readonly state: SidecarState;
  readonly files: PrivateFiles;
  readonly ids: ClusterIds;
  readonly drainTimeoutMs: number;
  readonly connectionsMax: number;
  readonly frameBytesMax: number;
}

export class RunningSidecar implements Sidecar {
  readonly #options: RunningSidecarOptions;
  readonly #measures = new SidecarMeasures();
  readonly #connections: LocalConnections;
  readonly #writer = new ByteWriter();
  readonly #follower: TargetFollower<ClusterRoute>;
  readonly #reporter: Reporter;
  #route: ClusterRoute;
  #ports: BrokerPorts;
  #listener: Listener | undefined;
  #closed: Promise<void> | undefined;
  /** The target that groups keep it from going to. */
  #waitsFor: string | undefined;
  /** What is being written; none of it rejects. */
  readonly #writes = new Set<Promise<void>>();

  constructor(options: RunningSidecarOptions) {
    const { platform, report, followed, state, source, enrolment, connectionsMax, frameBytesMax } = options;
    this.#options = options;
    this.#route = this.#routeTo(followed.wanted.target, new BrokerDirectory());
    this.#ports = this.#newPorts();
    const current = (): ClusterRoute => this.#route;
    const host = {
      ...{ platform, frameBytesMax, writer: this.#writer, measures: this.#measures },
      check: (username: string, secret: string) => state.check(username, secret),
      get route() {
        return current();
      },
      localAddresses: (route: ClusterRoute, brokers: readonly NamedBroker[]) => this.#localAddresses(route, brokers),
      sawGroups: (groups: readonly string[]) => this.#sawGroups(groups),
    };
    this.#connections = new LocalConnections(host, connectionsMax, report);
    this.#follower = new TargetFollower({
      ...{ platform, report, wanted: followed.wanted },
      present: () => this.#route.target,
      mayGoTo: (target) => this.#mayGoTo(target),
      makeSide: (target) => this.#routeTo(target, this.#isMove(target) ? new BrokerDirectory() : this.#route.directory),
      switchTo: (next) => this.#switchTo(next),
    });
    const collected = new SidecarReport(this.#measures, platform.clock.monotonic());
    this.#reporter = new Reporter({
      ...{ enrolment, platform, report },
      service: () => source.service,
      collect: () => this.#collect(collected),
    });
  }

  get bootstrap(): string {
    return `${loopback}:${this.#listener?.port ?? 0}`;
  }

  get programDirectory(): string {
    return `${this.#options.files.directory}/sidecar`;
  }

  /** @throws ListenError, DiskError */
  async listen(port: number): Promise<void> {
    const { network } = this.#options.platform;
    this.#listener = await network.listen({ host: loopback, port }, (socket) =>
      this.#connections.accept(socket, undefined),
    );
    await this.#writeProgramFiles();
  }

  status(): SidecarStatus {
    const { enrolment, instance, source, followed, state } = this.#options;
    const { target } = this.#route;
    const wanted = followed.wanted.target;
    return {
      application: enrolment.application,
      instance,
      bootstrap: this.bootstrap,
      cluster: target.cluster,
      goingTo: wanted.fingerprint === target.fingerprint ? undefined : wanted.cluster.name,
      credential: target.credential,
      answerVersion: target.version,
      service: source.service,
      untrusted: source.untrusted,
      connections: this.#connections.count,
      leaving: this.#connections.elsewhere(this.#route).length,
      groups: state.groups,
    };
  }

  metrics(): string {
    const { service, untrusted, older } = this.#options.source;
    const [connections, cluster] = [this.#connections.count, this.#route.target.cluster.name];
    return this.#measures.text({ isConnected: service !== undefined, untrusted, older, connections, cluster });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** An answer came, whether it changes the way or not: programs may be given other settings. */
  answered(): void {
    if (this.#listener !== undefined && !this.#connections.areShut) void this.#keepProgramFiles();
  }

  /** As answers and secret are now. */
  async #writeProgramFiles(): Promise<void> {
    const { files, followed, state } = this.#options;
    const answers = followed.answers.flatMap(({ answer }) => (answer === undefined ? [] : [answer]));
    await writeProgramFiles(files, answers, this.bootstrap, state.secret);
  }

  #routeTo(target: Target, directory: BrokerDirectory): ClusterRoute {
    const { platform, frameBytesMax, followed, ids } = this.#options;
    const bootstrap = (): string => {
      const { target: newest } = followed.wanted;
      return clusterKey(newest.cluster) === clusterKey(target.cluster) ? newest.bootstrap : target.bootstrap;
    };
    return new ClusterRoute({ target, directory, ids, platform, frameBytesMax, bootstrap });
  }

  #newPorts(): BrokerPorts {
    const { network } = this.#options.platform;
    return new BrokerPorts(network, (socket, nodeId) => this.#connections.accept(socket, nodeId));
  }

  /** What holds it is told once for each place. */
  #mayGoTo(target: Target): boolean {
    const { state, followed, report } = this.#options;
    if (!this.#isMove(target) || groupsAreTranslated(state.groups, followed.answers)) return true;
    if (this.#waitsFor === target.fingerprint) return false;
    this.#waitsFor = target.fingerprint;
    report({
      level: 'warn',
      event: 'switch_waits',
      message: waitsMessage(target.cluster.name, state.groups, followed),
    });
    return false;
  }

  #isMove({ cluster }: Target): boolean {
    return isElsewhere(this.#route.target.cluster, cluster);
  }

  async #localAddresses(route: ClusterRoute, brokers: readonly NamedBroker[]): Promise<(nodeId: number) => Address> {
    // What an earlier cluster still answers must open no ports on this one.
    if (isElsewhere(route.target.cluster, this.#route.target.cluster)) throw new ClosedError('connection');
    return await this.#ports.addresses(brokers.map(({ nodeId }) => nodeId));
  }

  #sawGroups(groups: readonly string[]): void {
    if (groups.length === 0) return;
    void this.#kept(this.#options.state.sawGroups(groups), 'the groups that programs use are');
  }

  async #switchTo(next: ClusterRoute): Promise<boolean> {
    const before = this.#route;
    const isMove = this.#isMove(next.target);
    // A group may have committed for the first time while the cluster was being reached.
    if (!this.#mayGoTo(next.target)) {
      await next.close();
      return true;
    }
    if (isMove) await this.#move(next);
    else {
      this.#route = next;
      this.#measures.switches++;
      if (next.target.connections !== before.target.connections) this.#leave();
    }
    await this.#keepProgramFiles();
    await before.close();
    const { cluster, version } = next.target;
    const message = isMove
      ? `the topics went to cluster ${cluster.name}: programs need the new secret, start them anew`
      : `goes to cluster ${cluster.name} by answer ${version}`;
    this.#options.report({ level: isMove ? 'warn' : 'info', event: 'switched', message });
    return true;
  }

  /** Connections that go an earlier way to the same cluster end by themselves. */
  #leave(): void {
    void this.#connections.retire(this.#connections.elsewhere(this.#route), this.#options.drainTimeoutMs);
  }

  async #move(next: ClusterRoute): Promise<void> {
    const { state, drainTimeoutMs } = this.#options;
    this.#connections.shut();
    const kept = this.#kept(state.move(next.target.cluster), 'the new secret is');
    await Promise.all([kept, this.#connections.retireAll(drainTimeoutMs)]);
    await this.#ports.close();
    this.#ports = this.#newPorts();
    this.#route = next;
    this.#measures.moves++;
    if (this.#closed === undefined) this.#connections.open();
  }

  #keepProgramFiles(): Promise<void> {
    return this.#kept(this.#writeProgramFiles(), 'what programs are given is');
  }

  /** What is written for the next start, or for programs: what can't be is told, and holds here all the same. */
  #kept(written: Promise<void>, what: string): Promise<void> {
    const kept = written
      .catch((error: unknown) => {
        if (!isMillraceError(error)) throw error;
        const message = `${what} not written: ${messageOf(error)}`;
        this.#options.report({ level: 'error', event: 'copy_failed', message, error });
      })
      .finally(() => this.#writes.delete(kept));
    this.#writes.add(kept);
    return kept;
  }

  #collect(collected: SidecarReport): ConfigReport {
    const { instance, site, platform, followed } = this.#options;
    const wants = followed.answers.map(({ want }) => want);
    const { credentials } = this.#connections;
    const streams = collected.streams(wants, this.#route.target, credentials, platform.clock.monotonic());
    return { instance, ...(site === undefined ? {} : { site }), library: SidecarReport.library, streams };
  }

  async #close(): Promise<void> {
    const { followed, source, drainTimeoutMs } = this.#options;
    const listening = this.#listener?.close();
    this.#connections.shut();
    const drained = this.#connections.retireAll(drainTimeoutMs);
    await this.#follower.end(new ClosedError('client'));
    await drained;
    await Promise.all([...this.#writes, listening, this.#ports.close(), this.#route.close()]);
    followed.close();
    await this.#reporter.close();
    await source.close();
  }
}

function waitsMessage(cluster: string, groups: readonly string[], { answers }: FollowedTarget): string {
  const isAsked = answers.some(({ want }) => want.role === 'consumer');
  const why = isAsked
    ? 'until the offsets of the groups that programs use are translated'
    : 'since it was not told to consume (--consume TOPIC), and programs use groups';
  return `the topics went to cluster ${cluster}; programs stay where they are ${why}: ${groups.join(', ')}`;
}
