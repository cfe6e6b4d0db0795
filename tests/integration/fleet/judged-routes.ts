/** What each route, and each kind of plans, asks of its callers: judged by people, compared with what runs. */
import type { Permission } from '@millrace/api';

export const judgedRoutes: Readonly<Record<string, Permission | 'public'>> = {
  // Where people and programs find out whether it runs, and begin to say who they are.
  'GET /healthz': 'public',
  'GET /readyz': 'public',
  'GET /api/v1/login': 'public',
  'GET /api/v1/login/callback': 'public',
  'POST /api/v1/login/token': 'public',

  // Oneself; of tokens only one's own, and none that may do more.
  'GET /api/v1/me': 'view',
  'POST /api/v1/me/allowed': 'view',
  'GET /api/v1/tokens': 'view',
  'POST /api/v1/tokens': 'view',
  'DELETE /api/v1/tokens/{name}': 'view',
  'POST /api/v1/session': 'view',
  'DELETE /api/v1/session': 'view',

  // The fleet as it is seen: everybody's, without records and secrets.
  'GET /api/v1/events': 'view',
  'GET /api/v1/pipelines/tracking': 'view',
  'GET /api/v1/pipelines/tracking/funnel': 'view',
  'GET /api/v1/pipelines/tracking/retention': 'view',
  'GET /api/v1/pipelines/tracking/live': 'view',
  // They tell what single people did, whose events are no team's own.
  'GET /api/v1/pipelines/tracking/sessions': 'administer',
  'GET /api/v1/pipelines/tracking/bad': 'administer',
  'POST /api/v1/pipelines/tracking/replay': 'administer',
  // Lines are records, though masked; shapes have no values.
  'GET /api/v1/logs/lines': 'read_records',
  'GET /api/v1/logs/tail': 'read_records',
  'GET /api/v1/logs/templates': 'view',
  'GET /api/v1/logs/alerts': 'view',
  'GET /prometheus/api/v1/alerts': 'view',
  'GET /prometheus/api/v1/label/{name}/values': 'view',
  'GET /prometheus/api/v1/labels': 'view',
  'GET /prometheus/api/v1/metadata': 'view',
  'GET /prometheus/api/v1/query': 'view',
  'GET /prometheus/api/v1/query_exemplars': 'view',
  'GET /prometheus/api/v1/query_range': 'view',
  'GET /prometheus/api/v1/rules': 'view',
  'GET /prometheus/api/v1/series': 'view',
  'GET /prometheus/api/v1/status/buildinfo': 'view',
  'POST /prometheus/api/v1/labels': 'view',
  'POST /prometheus/api/v1/query': 'view',
  'POST /prometheus/api/v1/query_exemplars': 'view',
  'POST /prometheus/api/v1/query_range': 'view',
  'POST /prometheus/api/v1/series': 'view',
  'GET /api/v1/clusters': 'view',
  'GET /api/v1/clusters/{name}': 'view',
  'GET /api/v1/brokers': 'view',
  'GET /api/v1/brokers/{cluster}/{nodeId}': 'view',
  'GET /api/v1/changes': 'view',
  'GET /api/v1/topology': 'view',
  'GET /api/v1/search': 'view',
  'GET /api/v1/topics': 'view',
  'GET /api/v1/topics/table': 'view',
  'GET /api/v1/topics/{cluster}/{topic}': 'view',
  'GET /api/v1/groups': 'view',
  'GET /api/v1/groups/{cluster}/{group}': 'view',
  'POST /api/v1/series/query': 'view',
  'GET /api/v1/applications': 'view',
  'GET /api/v1/applications/{name}': 'view',
  'GET /api/v1/applications/{name}/credentials': 'view',
  'GET /api/v1/certificate-authority': 'view',
  'POST /api/v1/certificate-authority/next': 'administer',
  'POST /api/v1/certificate-authority/next/activate': 'administer',
  'DELETE /api/v1/certificate-authority/{id}': 'administer',
  'GET /api/v1/findings': 'view',
  'GET /api/v1/encryption': 'view',
  'GET /api/v1/twins': 'view',
  'GET /api/v1/twins/{twin}/diff': 'view',
  'GET /api/v1/mirrors': 'view',
  'GET /api/v1/mirrors/{name}': 'view',
  'GET /api/v1/connect': 'view',
  'GET /api/v1/connect/{connect}/{connector}': 'view',
  'GET /api/v1/audit': 'view',
  'GET /api/v1/audit/verification': 'administer',

  'GET /api/v1/policies': 'view',
  'POST /api/v1/policies/check': 'view',
  'GET /api/v1/capacity': 'view',
  'GET /api/v1/capacity/{cluster}': 'view',
  'GET /api/v1/cost': 'view',

  // Requests: made by members of teams; who decides is judged by whose topic it is, never the requester.
  'GET /api/v1/requests': 'view',
  'GET /api/v1/requests/{id}': 'view',
  'POST /api/v1/requests': 'request',
  'POST /api/v1/requests/{id}/approve': 'request',
  'POST /api/v1/requests/{id}/comments': 'request',
  'POST /api/v1/requests/{id}/credentials': 'request',
  'POST /api/v1/requests/{id}/refuse': 'request',
  'POST /api/v1/requests/{id}/withdraw': 'request',

  // What is declared: seen and compared by everybody, written by admins; teams change theirs by requests.
  'GET /api/v1/declared/export': 'view',
  'POST /api/v1/declared/check': 'view',
  'POST /api/v1/declared/diff': 'view',
  'GET /api/v1/declared/{list}': 'view',
  'PUT /api/v1/declared/{list}': 'administer',
  'GET /api/v1/declared/{list}/{id}': 'view',
  'PUT /api/v1/declared/{list}/{id}': 'administer',
  'DELETE /api/v1/declared/{list}/{id}': 'administer',

  // Plans judge by their kind, operations by whose they are.
  'POST /api/v1/plans': 'view',
  'GET /api/v1/plans/{id}': 'view',
  'GET /api/v1/plans/{id}/steps': 'view',
  'POST /api/v1/plans/{id}/apply': 'view',
  'GET /api/v1/operations': 'view',
  'GET /api/v1/operations/{id}': 'view',
  'GET /api/v1/operations/{id}/steps': 'view',
  'POST /api/v1/operations/{id}/cancel': 'view',
  'POST /api/v1/operations/{id}/resume': 'view',

  // Records, by team and data class.
  'GET /api/v1/topics/{cluster}/{topic}/messages': 'read_records',
  'POST /api/v1/topics/{cluster}/{topic}/messages': 'read_records',

  // Of applications, each for itself alone; keys are no secret.
  'POST /api/v1/config/answers': 'configure',
  'GET /api/v1/config/watch': 'configure',
  'POST /api/v1/config/reports': 'configure',
  'GET /api/v1/config/keys': 'public',
  // What people see of that: no secrets.
  'GET /api/v1/config/explain': 'view',
  'GET /api/v1/config/clients': 'view',
  'POST /api/v1/config/keys/rotate': 'administer',
  'GET /api/v1/applications/{name}/enrolments': 'view',

  // Changes of what belongs to a team.
  'POST /api/v1/applications/{name}/enrolments': 'change',
  'DELETE /api/v1/applications/{name}/enrolments/{id}': 'change',
  'POST /api/v1/applications/{name}/credentials': 'change',
  'POST /api/v1/applications/{name}/credentials/rotate': 'change',
  'POST /api/v1/applications/{name}/credentials/{id}/confirm': 'change',
  'POST /api/v1/applications/{name}/credentials/revoke': 'change',
  'POST /api/v1/clusters/{name}/refresh': 'operate',
  'POST /api/v1/groups/reset-preview': 'operate',

  // What is believed of others, whatever they do.
  'POST /api/v1/clusters/{name}/authorizer-log': 'administer',
  'POST /api/v1/uses': 'administer',
};

/** The registry's, by shape: the first that fits. */
export const judgedRegistry: readonly {
  readonly method: string;
  readonly path: RegExp;
  readonly permission: Permission | 'public';
}[] = [
  { method: 'GET', path: / \/(healthz|readyz)$/, permission: 'public' },
  { method: 'GET', path: /./, permission: 'view' },
  // Registering and asking what is registered, which serializers do.
  {
    method: 'POST',
    path: / (\/contexts\/\{context\})?(\/compatibility)?\/subjects\/\{subject\}/,
    permission: 'request',
  },
  { method: 'PUT', path: / (\/contexts\/\{context\})?\/(config|mode)/, permission: 'administer' },
  { method: 'DELETE', path: / (\/contexts\/\{context\})?\/(config|mode|subjects)/, permission: 'administer' },
];

export const judgedPlans: Readonly<Record<string, Permission>> = {
  // Of requests that were approved.
  onboard: 'request',
  // Of one's own team's applications.
  credential_issue: 'change',
  credential_retire: 'change',
  credential_revoke: 'change',
  credential_rotate: 'change',
  // Of one's own team's groups, connectors and topics.
  group_reset: 'operate',
  connect_apply: 'operate',
  connect_restart: 'operate',
  sample_copy: 'operate',
  twin_sync: 'operate',
  // Of clusters, and of all that is declared.
  twin_create: 'administer',
  twin_delete: 'administer',
  fleet_apply: 'administer',
};
