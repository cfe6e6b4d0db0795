/**
 * The security of a cluster: who its listeners let in and as whom, the credentials and access control entries it keeps,
 * and the authorizer that handlers ask.
 */
import type { ListenTls, Platform, Socket } from '@millrace/base';
import { isScramMechanism, oauthBearerMechanism, plainMechanism } from '@millrace/wire';
import type { ClusterConfiguration } from '../configuration/cluster-configuration.ts';
import { ConfigurationError, listOf } from '../configuration/definition.ts';
import type { Journal } from '../journal/journal.ts';
import type { PeerReports } from '../network/peer-reports.ts';
import { AclStore } from './acl/acl-store.ts';
import { StandardAuthorizer } from './acl/standard-authorizer.ts';
import type { Authentication } from './authentication.ts';
import type { Authorizer } from './authorization.ts';
import { isLoopback, isSasl, isTls, type ListenerPlan } from './listener-plan.ts';
import { openAuthentication } from './open-authentication.ts';
import { anonymous, type Principal } from './principal.ts';
import { type PrincipalMapping, principalMapping } from './principal-mapping.ts';
import { plainUsersOf } from './sasl/jaas.ts';
import { oauthBearerMechanismOf } from './sasl/oauthbearer-exchange.ts';
import { plainMechanismOf } from './sasl/plain-exchange.ts';
import { SaslAuthentication, type SaslRules } from './sasl/sasl-authentication.ts';
import type { SaslMechanism } from './sasl/sasl-exchange.ts';
import { scramMechanismOf } from './sasl/scram-exchange.ts';
import { signedTokens, type TokenValidator, unsecuredTokens } from './sasl/token-validator.ts';
import { ScramCredentials, type ScramUser } from './scram-credentials.ts';
import { tlsIdentity } from './tls-identity.ts';

/** What Kafka's configuration has no simple names for. */
export interface SecurityOptions {
  /** Passwords of users of PLAIN by their names, on all listeners. */
  readonly plainUsers?: Readonly<Record<string, string>> | undefined;
  /** Added at the start unless they are there. */
  readonly scramUsers?: readonly ScramUser[] | undefined;
  /**
   * Lets listeners be reached from other machines although whoever comes through them needs to prove nothing. Default
   * false: such a cluster does not start.
   */
  readonly allowAnonymous?: boolean | undefined;
}

export interface ClusterSecurityOptions {
  readonly platform: Platform;
  readonly configuration: ClusterConfiguration;
  readonly journal: Journal;
  readonly security?: SecurityOptions | undefined;
  readonly report: (event: { readonly level: 'info' | 'warn'; readonly message: string }) => void;
  /** Told of peers that could not log in. */
  readonly reportPeer: PeerReports['report'];
}

/** Kafka's class for tokens without signature, which is to be named where they shall pass. */
const unsecuredHandler = /\.OAuthBearerUnsecuredValidatorCallbackHandler$/;

export class ClusterSecurity {
  readonly scram: ScramCredentials;
  readonly acls: AclStore;
  /** Undefined: everybody may do everything. */
  readonly authorizer: Authorizer | undefined;
  readonly #options: ClusterSecurityOptions;
  readonly #mapping: PrincipalMapping;
  /** By the name of the listener. */
  readonly #rules = new Map<string, SaslRules>();

  /** Throws `ConfigurationError`. */
  constructor(options: ClusterSecurityOptions) {
    const { configuration, journal } = options;
    this.#options = options;
    this.scram = new ScramCredentials(journal);
    this.acls = new AclStore(journal);
    this.authorizer = this.#makeAuthorizer();
    this.#mapping = principalMapping(configuration.text('ssl.principal.mapping.rules'));
  }

  /** Throws `ConfigurationError` when the cluster may not listen so. Before listening. */
  check(plans: readonly ListenerPlan[]): void {
    for (const plan of plans) {
      if (isSasl(plan.protocol)) this.#rulesOf(plan);
      if (isLoopback(plan.host) || this.#provesPeers(plan) || this.#options.security?.allowAnonymous) continue;
      throw new ConfigurationError(
        'listeners',
        `listener ${plan.name} on ${plan.host} can be reached from other machines and asks nobody who they are; ` +
          'use SASL_SSL, or SSL with ssl.client.auth=required, or allow anonymous clients explicitly',
      );
    }
  }

  /** Adds the users that options name. Once the journal is open. */
  async start(): Promise<void> {
    const { security, platform, report } = this.#options;
    await this.scram.start(platform.randomness);
    const present = await this.scram.addAbsent(security?.scramUsers ?? [], platform.randomness);
    for (const user of present) {
      report({ level: 'info', message: `SCRAM user ${user} is there already; its credentials stay as they are` });
    }
  }

  /** What a TLS listener is to show and to ask for; undefined where there is no TLS. */
  async tlsOf({ name, protocol }: ListenerPlan): Promise<ListenTls | undefined> {
    return isTls(protocol) ? tlsIdentity(this.#options.configuration, name, this.#options.platform.disk) : undefined;
  }

  /** The authentication of a new connection. */
  authenticate(socket: Socket, plan: ListenerPlan): Authentication {
    if (isSasl(plan.protocol)) return new SaslAuthentication(this.#rulesFor(socket, plan));
    return openAuthentication(this.#principalOf(socket));
  }

  #principalOf({ peerCertificate }: Socket): Principal {
    return peerCertificate === undefined ? anonymous : { type: 'User', name: this.#mapping(peerCertificate.subject) };
  }

  #provesPeers({ name, protocol }: ListenerPlan): boolean {
    if (isSasl(protocol)) return true;
    return isTls(protocol) && this.#options.configuration.textFor(name, 'ssl.client.auth') === 'required';
  }

  #makeAuthorizer(): Authorizer | undefined {
    const { configuration } = this.#options;
    if (configuration.text('authorizer.class.name') === '') return undefined;
    const superUsers = configuration.text('super.users').split(';');
    return new StandardAuthorizer({
      acls: this.acls.index,
      superUsers: new Set(superUsers.map((user) => user.trim()).filter((user) => user !== '')),
      allowIfNoAcl: () => configuration.boolean('allow.everyone.if.no.acl.found'),
    });
  }

  #rulesFor(socket: Socket, plan: ListenerPlan): SaslRules {
    const peer = `${socket.remoteHost}:${socket.remotePort}`;
    const onFailure = (reason: string): void =>
      this.#options.reportPeer({ level: 'warn', message: `${peer} could not log in to ${plan.name}: ${reason}` });
    return { ...this.#rulesOf(plan), onFailure };
  }

  #rulesOf({ name }: ListenerPlan): SaslRules {
    const known = this.#rules.get(name);
    if (known !== undefined) return known;
    const { configuration, platform } = this.#options;
    const enabled = listOf(configuration.textFor(name, 'sasl.enabled.mechanisms'));
    const rules: SaslRules = {
      mechanisms: new Map(enabled.map((mechanism) => [mechanism, this.#mechanism(name, mechanism)])),
      sessionMsMax: (mechanism) => Number(configuration.textFor(name, 'connections.max.reauth.ms', mechanism)),
      failureDelayMs: configuration.number('connection.failed.authentication.delay.ms'),
      platform,
      onFailure: () => undefined,
    };
    this.#rules.set(name, rules);
    return rules;
  }

  #mechanism(listener: string, mechanism: string): SaslMechanism {
    const { configuration, platform, security } = this.#options;
    if (isScramMechanism(mechanism)) {
      return scramMechanismOf(mechanism, this.scram, platform.randomness);
    }
    if (mechanism === oauthBearerMechanism) return oauthBearerMechanismOf(this.#tokenValidator(listener));
    const jaas = configuration.textFor(listener, 'sasl.jaas.config', plainMechanism);
    return plainMechanismOf(new Map([...Object.entries(security?.plainUsers ?? {}), ...plainUsersOf(jaas)]));
  }

  #tokenValidator(listener: string): TokenValidator {
    const { configuration, platform } = this.#options;
    const text = (name: string): string => configuration.textFor(listener, name, oauthBearerMechanism);
    const rules = {
      clockSkewSeconds: Number(text('sasl.oauthbearer.clock.skew.seconds')),
      subjectClaim: text('sasl.oauthbearer.sub.claim.name'),
    };
    if (unsecuredHandler.test(text('sasl.server.callback.handler.class')))
      return unsecuredTokens(rules, platform.clock);
    const signed = {
      ...rules,
      keysUrl: text('sasl.oauthbearer.jwks.endpoint.url'),
      audience: listOf(text('sasl.oauthbearer.expected.audience')),
      issuer: text('sasl.oauthbearer.expected.issuer'),
    };
    return signedTokens(signed, platform);
  }
}
