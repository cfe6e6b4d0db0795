/**
 * The policies that a fleet has as long as it declares none of the same name: careful where mistakes are dear, and
 * out of the way of what is small.
 */
import type { Policy } from '@millrace/api/declared';

const creates = 'request.kind in ["topic", "promotion"]';

export const builtInPolicies: readonly Policy[] = [
  {
    name: 'naming',
    description: 'Names say whose they are and what is in them',
    when: `${creates} && !request.topic.matches("^[a-z][a-z0-9-]*([.][a-z0-9][a-z0-9_-]*)+$")`,
    decision: 'refuse',
    message: 'a name has lower-case parts with dots between them, the domain first: payments.orders',
  },
  {
    name: 'naming-reserved',
    description: 'Topics of the platform itself',
    when: `${creates} && (request.topic.startsWith("millrace.") || request.topic.startsWith("_"))`,
    decision: 'refuse',
    message: "names that begin with millrace. or _ are the platform's own",
  },
  {
    name: 'replication',
    description: 'What is in production survives a broker',
    when: `${creates} && request.environment == "production" && capacity.brokers > 1 && request.replicas < 2`,
    decision: 'refuse',
    message: 'a topic in production has at least two replicas',
  },
  {
    name: 'replication-three',
    when: `${creates} && request.environment == "production" && capacity.brokers > 2 && request.replicas < 3`,
    decision: 'ask',
    message: 'with fewer than three replicas no broker may be down during maintenance',
  },
  {
    name: 'limits-partitions',
    when: 'request.partitions > 100 && request.partitions > request.partitionsBefore',
    decision: 'ask',
    message: 'more than 100 partitions are a burden on every broker and client',
  },
  {
    name: 'limits-retention',
    when:
      'request.kind in ["topic", "promotion", "change"] && !request.compacted && ' +
      '(request.retentionDays > 30.0 || request.retentionDays < 0.0)',
    decision: 'ask',
    message: 'records that are to stay longer than 30 days have a place that costs less',
  },
  {
    name: 'budget',
    when: 'size(team.overBudget) > 0 && (cost.change > 0.0 || team.after.topics > team.used.topics)',
    decision: 'ask',
    message: 'the budget of the team does not suffice',
  },
  {
    name: 'capacity',
    when: 'request.kind in ["topic", "promotion", "change"] && capacity.fits == "no"',
    decision: 'ask',
    message: 'no cluster there has room for it in the season',
  },
  {
    name: 'capacity-unknown',
    when: 'request.kind in ["topic", "promotion", "change"] && capacity.fits == "unknown"',
    decision: 'ask',
    message: 'what room the cluster has is neither declared nor measured',
  },
  {
    name: 'data-class',
    when: `${creates} && request.dataClass == ""`,
    decision: 'ask',
    message: 'who may see its records is not said',
  },
  {
    name: 'data-class-protected',
    when: '!(request.kind in ["retirement", "change"]) && ' + 'request.dataClass in ["confidential", "restricted"]',
    decision: 'ask',
    message: 'its records are not for everybody',
  },
  {
    name: 'durability',
    when:
      'request.environment == "production" && (' +
      '("unclean.leader.election.enable" in request.configs && ' +
      'request.configs["unclean.leader.election.enable"] == "true") || ' +
      '(request.replicas > 2 && "min.insync.replicas" in request.configs && ' +
      'request.configs["min.insync.replicas"] == "1"))',
    decision: 'ask',
    message: 'a record that was acknowledged could be lost with a single broker',
  },
  {
    name: 'records-lost',
    when: 'request.kind == "change" && request.losesRecords',
    decision: 'ask',
    message: 'records that are kept now may be deleted',
  },
  {
    name: 'others-names',
    when: '!request.ownNames',
    decision: 'ask',
    message: 'groups or transactional ids are not called as the application, and may be those of others',
  },
  {
    name: 'others-topic',
    when: 'request.team != request.owner || request.applications.exists(a, a.team != request.owner)',
    decision: 'ask',
    message: 'the team that owns the topic decides who else uses it',
  },
  {
    name: 'retirement',
    when: 'request.kind == "retirement"',
    decision: 'ask',
    message: 'the records of a topic that is retired are gone',
  },
  {
    name: 'small',
    description: 'What nobody needs to look at',
    when: 'cost.change <= 100.0 && request.partitions <= 24',
    decision: 'approve',
    message: 'it is small, and no policy has an objection',
  },
];
