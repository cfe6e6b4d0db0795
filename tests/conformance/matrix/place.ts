/**
 * Where behaviours are tried: a cluster of three brokers of one kind in one profile. Whoever writes a behaviour sees
 * this interface alone and cannot tell the kinds apart.
 */
import type { SaslOptions, TlsOptions } from '@millrace/client';

export const brokerKinds = ['embedded', 'kafka'] as const;
export type BrokerKind = (typeof brokerKinds)[number];

/**
 * `open`: everybody may do everything. `secured`: four listeners and access control entries. `moves`: as `open`, and
 * behaviours stop its brokers, one behaviour at a time.
 */
export type Profile = 'open' | 'secured' | 'moves';

export const listeners = ['PLAINTEXT', 'SASL_PLAINTEXT', 'SASL_SSL', 'SSL'] as const;
export type Listener = (typeof listeners)[number];

/** How a client reaches a cluster and who it says it is. */
export interface Access {
  readonly listener: Listener;
  readonly sasl?: SaslOptions;
  readonly tls?: TlsOptions;
}

/**
 * In `secured`, users are `admin`, who may do everything, and `alice` and `bob`, who may do nothing until they are
 * granted it; passwords are the names with `-secret` behind. A certificate names `CN=client`. Over PLAINTEXT
 * everybody is ANONYMOUS and may do everything.
 */
export interface Place extends AsyncDisposable {
  readonly kind: BrokerKind;
  readonly profile: Profile;
  /** Ids of its brokers; each is in a rack of its own, `rack-ID`. */
  readonly brokerIds: readonly number[];
  /** Bootstrap servers at a listener; `open` and `moves` have PLAINTEXT only. */
  bootstrap(listener?: Listener): string;
  /** Of a `secured` place: what clients trust, and a client's certificate, as PEM and as files. */
  readonly credentials: PlaceCredentials | undefined;
  /** Ends a broker: asked to (`cleanly`), or at once as a machine that dies. */
  stopBroker(nodeId: number, how: 'cleanly' | 'at once'): Promise<void>;
  /** Starts a broker again; resolves when it serves and is in sync. */
  startBroker(nodeId: number): Promise<void>;
}

export interface PlaceCredentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string };
}
