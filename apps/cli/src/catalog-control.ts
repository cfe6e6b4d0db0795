/** The catalog's commands that ask the control plane: what is declared and requested, what it does, who calls it. */
import type { CatalogEntry } from './catalog.ts';

export const controlCatalog: readonly CatalogEntry[] = [
  {
    name: 'operation',
    summary: 'List, show, watch, cancel and resume operations',
    commands: [
      {
        name: 'list',
        summary: 'List operations, newest first',
        load: async () => (await import('./commands/operation-list.ts')).operationList,
      },
      {
        name: 'show',
        summary: 'Show an operation with its steps',
        load: async () => (await import('./commands/operation-show.ts')).operationShow,
      },
      {
        name: 'watch',
        summary: 'Follow an operation to its end',
        load: async () => (await import('./commands/operation-watch.ts')).operationWatch,
      },
      {
        name: 'cancel',
        summary: 'Stop an operation after what it is doing',
        load: async () => (await import('./commands/operation-cancel.ts')).operationCancel,
      },
      {
        name: 'resume',
        summary: 'Go on with an operation that failed or was cancelled',
        load: async () => (await import('./commands/operation-resume.ts')).operationResume,
      },
    ],
  },
  {
    name: 'audit',
    summary: 'Read and check the audit log',
    commands: [
      {
        name: 'list',
        summary: 'List who changed what, newest first',
        load: async () => (await import('./commands/audit-list.ts')).auditList,
      },
      {
        name: 'verify',
        summary: 'Check that the audit log is as it was written',
        load: async () => (await import('./commands/audit-verify.ts')).auditVerify,
      },
    ],
  },
  {
    name: 'application',
    summary: 'List applications; issue, rotate and revoke what they log in with',
    commands: [
      {
        name: 'list',
        summary: 'List applications, with what they log in with',
        load: async () => (await import('./commands/application-list.ts')).applicationList,
      },
      {
        name: 'describe',
        summary: 'Show what an application uses, what it may, and what it logs in with',
        load: async () => (await import('./commands/application-describe.ts')).applicationDescribe,
      },
      {
        name: 'issue',
        summary: 'Issue an application a password or a certificate, and show it once',
        load: async () => (await import('./commands/application-issue.ts')).applicationIssue,
      },
      {
        name: 'rotate',
        summary: 'Replace the password of an application while it runs',
        load: async () => (await import('./commands/application-rotate.ts')).applicationRotate,
      },
      {
        name: 'confirm',
        summary: 'Say that an application uses its newest credential, and no older one',
        load: async () => (await import('./commands/application-confirm.ts')).applicationConfirm,
      },
      {
        name: 'revoke',
        summary: 'Shut an application out of its clusters at once',
        load: async () => (await import('./commands/application-revoke.ts')).applicationRevoke,
      },
    ],
  },
  {
    name: 'config',
    summary: 'Show where an application finds a topic, and how; enrol applications',
    otherwise: {
      name: 'TOPIC',
      summary: 'Show what a client of an application needs for a topic',
      load: async () => (await import('./commands/config-topic.ts')).configTopic,
    },
    commands: [
      {
        name: 'enrol',
        summary: 'Enrol an application: the one file that its clients begin with',
        load: async () => (await import('./commands/config-enrol.ts')).configEnrol,
      },
      {
        name: 'enrolments',
        summary: 'List the enrolments of an application',
        load: async () => (await import('./commands/config-enrolments.ts')).configEnrolments,
      },
      {
        name: 'end-enrolment',
        summary: 'End an enrolment of an application: its token is refused at once',
        load: async () => (await import('./commands/config-end-enrolment.ts')).configEndEnrolment,
      },
      {
        name: 'clients',
        summary: 'Show what clients see, per application and topic',
        load: async () => (await import('./commands/config-clients.ts')).configClients,
      },
      {
        name: 'sidecar',
        summary: 'Let programs that only know an address and a secret reach their topics',
        load: async () => (await import('./commands/config-sidecar.ts')).configSidecar,
      },
      {
        name: 'rotate-keys',
        summary: 'Sign answers of the config service with the next key',
        load: async () => (await import('./commands/config-rotate-keys.ts')).configRotateKeys,
      },
    ],
  },
  {
    name: 'authority',
    summary: 'Show and replace the authority that signs certificates of applications',
    commands: [
      {
        name: 'show',
        summary: 'Show the authorities of certificates, for clusters to trust',
        load: async () => (await import('./commands/authority-show.ts')).authorityShow,
      },
      {
        name: 'replace',
        summary: 'Make the next authority, which signs nothing yet',
        load: async () => (await import('./commands/authority-replace.ts')).authorityReplace,
      },
      {
        name: 'activate',
        summary: 'Have the next authority sign from now on',
        load: async () => (await import('./commands/authority-activate.ts')).authorityActivate,
      },
      {
        name: 'forget',
        summary: 'Forget a former certificate authority, or the next one',
        load: async () => (await import('./commands/authority-forget.ts')).authorityForget,
      },
    ],
  },
  {
    name: 'fleet',
    summary: 'Compare, apply, export and rebuild what is declared of the fleet',
    commands: [
      {
        name: 'diff',
        summary: 'Compare a fleet file with the record, and the record with the clusters',
        load: async () => (await import('./commands/fleet-diff.ts')).fleetDiff,
      },
      {
        name: 'apply',
        summary: 'Bring the record to a fleet file, and the clusters to the record',
        load: async () => (await import('./commands/fleet-apply.ts')).fleetApply,
      },
      {
        name: 'export',
        summary: 'Write the running fleet as a fleet file',
        load: async () => (await import('./commands/fleet-export.ts')).fleetExport,
      },
      {
        name: 'drill',
        summary: 'Rebuild what is declared of a cluster on an empty one, and time it',
        load: async () => (await import('./commands/fleet-drill.ts')).fleetDrill,
      },
      {
        name: 'lint',
        summary: 'Check a fleet file, without a server',
        load: async () => (await import('./commands/fleet-lint.ts')).fleetLint,
      },
    ],
  },
  {
    name: 'login',
    summary: 'Log in to a control plane, and keep who you are there for later commands',
    load: async () => (await import('./commands/login.ts')).login,
  },
  {
    name: 'token',
    summary: 'Make, list and revoke tokens of the control plane',
    commands: [
      {
        name: 'create',
        summary: 'Make a token, and print it once',
        load: async () => (await import('./commands/token-create.ts')).tokenCreate,
      },
      {
        name: 'list',
        summary: 'List your tokens; an admin sees all',
        load: async () => (await import('./commands/token-list.ts')).tokenList,
      },
      {
        name: 'revoke',
        summary: 'Revoke a token, with those that were made with it',
        load: async () => (await import('./commands/token-revoke.ts')).tokenRevoke,
      },
    ],
  },
];
