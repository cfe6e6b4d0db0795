/**
 * Which tables of the platform's own database are captured. The list says what is, so that a table that comes later,
 * with whatever it holds, is not: what is left out never leaves the server, since it is in no publication.
 */

/** What is declared, who changed it, what was done, and what was observed. */
export const platformTables: readonly string[] = [
  'fleet.audit_anchor',
  'fleet.audit_entry',
  'fleet.change_event',
  'fleet.declared',
  'fleet.declared_history',
  'fleet.mirror_begun',
  'fleet.mirror_run',
  'fleet.observed_change',
  'fleet.observed_cluster',
  'fleet.observed_use',
  'fleet.onboarding_comment',
  'fleet.onboarding_request',
  'fleet.operation',
  'fleet.operation_event',
  'fleet.record_head',
];

/** Left out for what they hold: credentials, keys and tokens, sealed or as digests, and steps that may name them. */
export const secretTables: readonly string[] = [
  'fleet.access_login',
  'fleet.access_session',
  'fleet.access_token',
  'fleet.access_user',
  'fleet.certificate_authority',
  'fleet.certificate_authority_other',
  'fleet.config_enrolment',
  'fleet.config_key_set',
  'fleet.config_signing_key',
  'fleet.credential',
  'fleet.operation_step',
  'fleet.plan',
  'fleet.shut_out',
];
