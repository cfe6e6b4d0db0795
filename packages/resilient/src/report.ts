/** What a client that configures itself tells of what it handles by itself, for logs. */
import type { ClientEvent } from '@millrace/client';

export interface ConfigEvent {
  readonly level: 'info' | 'warn' | 'error';
  readonly event:
    | 'config_connected'
    | 'config_lost'
    | 'config_refused'
    | 'config_untrusted'
    | 'config_older'
    | 'config_unfit'
    | 'setting_unknown'
    | 'switch_waits'
    | 'switch_failed'
    | 'switch_forced'
    | 'switched'
    | 'wrong_cluster'
    | 'copy_failed'
    | 'report_failed'
    | 'program_ended';
  /** A sentence for a person. */
  readonly message: string;
  readonly error?: Error | undefined;
}

/** Events of the plain clients below are among them. */
export type ResilientEvent = ClientEvent | ConfigEvent;

export type Report = (event: ResilientEvent) => void;
