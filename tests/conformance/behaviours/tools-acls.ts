/** kafka-acls: entries by single rights and by roles, and who may not touch them. */
import { access } from '../matrix/access.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import { type ToolTalk, talking } from '../matrix/tool-talk.ts';

const acls = 'kafka-acls';

export const toolsAcls: readonly Behaviour[] = [
  {
    name: 'kafka-acls adds, lists and removes entries',
    apis: ['CreateAcls', 'DescribeAcls', 'DeleteAcls'],
    profile: 'secured',
    shows: {
      operations: [
        '(principal=User:bob, host=*, operation=ALTER, permissionType=ALLOW)',
        '(principal=User:bob, host=*, operation=READ, permissionType=ALLOW)',
        'Adding ACLs for resource `ResourcePattern(resourceType=TOPIC, name=topic, patternType=LITERAL)`:',
      ],
      denied: [
        '(principal=User:alice, host=10.0.0.1, operation=ALL, permissionType=DENY)',
        'Adding ACLs for resource `ResourcePattern(resourceType=TOPIC, name=topic, patternType=LITERAL)`:',
      ],
      prefixed: [
        '(principal=User:*, host=*, operation=DESCRIBE, permissionType=ALLOW)',
        'Adding ACLs for resource `ResourcePattern(resourceType=TOPIC, name=topic, patternType=PREFIXED)`:',
      ],
      listed: [
        '(principal=User:alice, host=10.0.0.1, operation=ALL, permissionType=DENY)',
        '(principal=User:bob, host=*, operation=ALTER, permissionType=ALLOW)',
        '(principal=User:bob, host=*, operation=READ, permissionType=ALLOW)',
        'Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=topic, patternType=LITERAL)`:',
      ],
      'listed by match': [
        '(principal=User:*, host=*, operation=DESCRIBE, permissionType=ALLOW)',
        '(principal=User:alice, host=10.0.0.1, operation=ALL, permissionType=DENY)',
        '(principal=User:bob, host=*, operation=ALTER, permissionType=ALLOW)',
        '(principal=User:bob, host=*, operation=READ, permissionType=ALLOW)',
        'Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=topic, patternType=LITERAL)`:',
        'Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=topic, patternType=PREFIXED)`:',
      ],
      'of one principal': [
        '(principal=User:alice, host=10.0.0.1, operation=ALL, permissionType=DENY)',
        'ACLs for principal `User:alice`',
        'Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=topic, patternType=LITERAL)`:',
      ],
      removed: [],
      'all removed': [],
      'prefixed removed': [],
      left: [],
    },
    by: {
      java: talking(async (tools, scope) => {
        const topic = ['--topic', scope.name()];
        const add = (step: string, words: readonly string[]) => tools.say(step, acls, ['--add', ...words], sorted);
        await add('operations', [
          ...topic,
          '--allow-principal',
          'User:bob',
          '--operation',
          'Read',
          '--operation',
          'Alter',
        ]);
        await add('denied', [
          ...topic,
          '--deny-principal',
          'User:alice',
          '--deny-host',
          '10.0.0.1',
          '--operation',
          'All',
        ]);
        const prefixed = [...topic, '--resource-pattern-type', 'prefixed', '--allow-principal', 'User:*'];
        await add('prefixed', [...prefixed, '--operation', 'Describe']);
        await listed(tools, 'listed', topic, 4);
        const matching = [...topic, '--resource-pattern-type', 'match'];
        await tools.say('listed by match', acls, ['--list', ...matching], { ...sorted, until: atLeast(6) });
        await tools.say('of one principal', acls, ['--list', ...topic, '--principal', 'User:alice'], sorted);
        const remove = ['--remove', '--force'];
        const ofBob = [...topic, '--allow-principal', 'User:bob', '--operation', 'Read'];
        await tools.say('removed', acls, [...remove, ...ofBob], sorted);
        await tools.say('all removed', acls, [...remove, ...topic], sorted);
        await tools.say('prefixed removed', acls, [...remove, ...topic, '--resource-pattern-type', 'prefixed'], sorted);
        await tools.say('left', acls, ['--list', ...matching], { until: ({ length }) => length === 0 });
      }),
    },
  },
  {
    name: 'kafka-acls gives what producers and consumers need',
    apis: ['CreateAcls', 'DescribeAcls', 'DeleteAcls'],
    profile: 'secured',
    shows: {
      producer: [
        '(principal=User:bob, host=*, operation=CREATE, permissionType=ALLOW)',
        '(principal=User:bob, host=*, operation=DESCRIBE, permissionType=ALLOW)',
        '(principal=User:bob, host=*, operation=DESCRIBE, permissionType=ALLOW)',
        '(principal=User:bob, host=*, operation=WRITE, permissionType=ALLOW)',
        '(principal=User:bob, host=*, operation=WRITE, permissionType=ALLOW)',
        'Adding ACLs for resource `ResourcePattern(resourceType=TOPIC, name=topic, patternType=LITERAL)`:',
        'Adding ACLs for resource `ResourcePattern(resourceType=TRANSACTIONAL_ID, ' +
          'name=transactional-id, patternType=LITERAL)`:',
      ],
      consumer: [
        '(principal=User:bob, host=*, operation=READ, permissionType=ALLOW)',
        '(principal=User:bob, host=*, operation=READ, permissionType=ALLOW)',
        'Acl (pattern=ResourcePattern(resourceType=TOPIC, name=topic, patternType=LITERAL), ' +
          'entry=(principal=User:bob, host=*, operation=DESCRIBE, permissionType=ALLOW)) already ' +
          'exists.',
        'Adding ACLs for resource `ResourcePattern(resourceType=GROUP, name=group, patternType=LITERAL)`:',
        'Adding ACLs for resource `ResourcePattern(resourceType=TOPIC, name=topic, patternType=LITERAL)`:',
      ],
      topic: [
        '(principal=User:bob, host=*, operation=CREATE, permissionType=ALLOW)',
        '(principal=User:bob, host=*, operation=DESCRIBE, permissionType=ALLOW)',
        '(principal=User:bob, host=*, operation=READ, permissionType=ALLOW)',
        '(principal=User:bob, host=*, operation=WRITE, permissionType=ALLOW)',
        'Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=topic, patternType=LITERAL)`:',
      ],
      'transactional id': [
        '(principal=User:bob, host=*, operation=DESCRIBE, permissionType=ALLOW)',
        '(principal=User:bob, host=*, operation=WRITE, permissionType=ALLOW)',
        'Current ACLs for resource `ResourcePattern(resourceType=TRANSACTIONAL_ID, ' +
          'name=transactional-id, patternType=LITERAL)`:',
      ],
      group: [
        '(principal=User:bob, host=*, operation=READ, permissionType=ALLOW)',
        'Current ACLs for resource `ResourcePattern(resourceType=GROUP, name=group, patternType=LITERAL)`:',
      ],
      'consumer removed': [],
      'producer removed': [],
    },
    by: {
      java: talking(async (tools, scope) => {
        const topic = ['--topic', scope.name()];
        const id = ['--transactional-id', scope.name('transactional-id')];
        const group = ['--group', scope.name('group')];
        const producer = ['--producer', ...topic, ...id, '--allow-principal', 'User:bob'];
        const consumer = ['--consumer', ...topic, ...group, '--allow-principal', 'User:bob'];
        for (const role of [producer, consumer]) scope.defer(() => tools.run(acls, ['--remove', '--force', ...role]));
        await tools.say('producer', acls, ['--add', ...producer], sorted);
        await tools.say('consumer', acls, ['--add', ...consumer], sorted);
        await listed(tools, 'topic', topic, 5);
        await listed(tools, 'transactional id', id, 3);
        await listed(tools, 'group', group, 2);
        await tools.say('consumer removed', acls, ['--remove', '--force', ...consumer], sorted);
        await tools.say('producer removed', acls, ['--remove', '--force', ...producer], sorted);
      }),
    },
  },
  {
    name: 'kafka-acls is for those who may, over every listener',
    apis: ['DescribeAcls', 'CreateAcls'],
    profile: 'secured',
    shows: {
      'listed by alice': ['ClusterAuthorizationException', 'exit code 1'],
      'added by alice': ['ClusterAuthorizationException', 'exit code 1'],
      'added by admin': [
        'Adding ACLs for resource `ResourcePattern(resourceType=TOPIC, name=topic, patternType=LITERAL)`:',
        '(principal=User:bob, host=*, operation=WRITE, permissionType=ALLOW)',
      ],
      'an operation that topics lack': [
        'Adding ACLs for resource `ResourcePattern(resourceType=TOPIC, name=topic, patternType=LITERAL)`:',
        '(principal=User:bob, host=*, operation=ALTER_CONFIGS, permissionType=ALLOW)',
      ],
    },
    by: {
      java: talking(async (tools, scope, place) => {
        const alice = { access: access(place, 'SASL_PLAINTEXT', 'PLAIN', 'alice') };
        const admin = { access: access(place, 'SASL_SSL', 'SCRAM-SHA-256', 'admin') };
        const words = ['--topic', scope.name(), '--allow-principal', 'User:bob', '--operation', 'Write'];
        scope.defer(() => tools.run(acls, ['--remove', '--force', ...words]));
        await tools.say('listed by alice', acls, ['--list'], alice);
        await tools.say('added by alice', acls, ['--add', ...words], alice);
        await tools.say('added by admin', acls, ['--add', ...words], admin);
        await tools.say('an operation that topics lack', acls, [
          '--add',
          ...words.slice(0, 4),
          '--operation',
          'AlterConfigs',
        ]);
      }),
    },
  },
  {
    name: "Kafka's tools ask as who they are, and are told what they may not",
    apis: ['CreateTopics', 'DescribeConfigs', 'DeleteGroups', 'ListTransactions', 'DescribeLogDirs', 'DescribeCluster'],
    profile: 'secured',
    shows: {
      create: ['TopicAuthorizationException', 'exit code 1'],
      list: [],
      describe: ["Error while executing topic command : Topic 'topic' does not exist as expected", 'exit code 1'],
      configurations: "The topic 'topic' doesn't exist and doesn't have dynamic config.",
      configure: ['TopicAuthorizationException', 'exit code 1'],
      quotas: ['ClusterAuthorizationException', 'exit code 1'],
      group: 'GroupAuthorizationException',
      groups: [],
      offsets: ['Error occurred: Could not match any topic-partitions with the specified filters', 'exit code 1'],
      'log directories': ['ClusterAuthorizationException', 'exit code 1'],
    },
    by: {
      java: talking(async (tools, scope, place) => {
        const topic = await scope.createTopic();
        const alice = { access: access(place, 'SASL_PLAINTEXT', 'SCRAM-SHA-512', 'alice') };
        await tools.say('create', 'kafka-topics', ['--create', '--topic', scope.name('new')], alice);
        await tools.say('list', 'kafka-topics', ['--list'], alice);
        await tools.say('describe', 'kafka-topics', ['--describe', '--topic', topic], alice);
        const entity = ['--entity-type', 'topics', '--entity-name', topic];
        await tools.say('configurations', 'kafka-configs', ['--describe', ...entity], alice);
        await tools.say('configure', 'kafka-configs', ['--alter', ...entity, '--add-config', 'retention.ms=1'], alice);
        const quotas = ['--describe', '--entity-type', 'clients', '--entity-name', 'x'];
        await tools.say('quotas', 'kafka-configs', quotas, alice);
        await tools.say('group', 'kafka-consumer-groups', ['--describe', '--group', scope.name('group')], alice);
        await tools.say('groups', 'kafka-consumer-groups', ['--list'], alice);
        await tools.say('offsets', 'kafka-get-offsets', ['--topic', topic], alice);
        await tools.say('log directories', 'kafka-log-dirs', ['--describe', '--topic-list', topic], {
          ...alice,
          only: /Exception|error|exit/,
        });
      }),
    },
  },
];

/** Their order means nothing. */
const sorted = { sorted: true };

function atLeast(count: number): (lines: readonly string[]) => boolean {
  return ({ length }) => length >= count;
}

async function listed(tools: ToolTalk, step: string, resource: readonly string[], count: number): Promise<void> {
  await tools.say(step, acls, ['--list', ...resource], { ...sorted, until: atLeast(count) });
}
