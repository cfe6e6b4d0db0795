/** kafka-configs: credentials and quotas. */
import { type Behaviour, ListedDifference } from '../matrix/behaviour.ts';
import { talking } from '../matrix/tool-talk.ts';

const configs = 'kafka-configs';

export const toolsUsers: readonly Behaviour[] = [
  {
    name: 'kafka-configs keeps credentials of users, and never shows them',
    apis: ['AlterUserScramCredentials', 'DescribeUserScramCredentials'],
    shows: {
      'set SCRAM-SHA-256=[iterations=8192,password=secret]': 'Completed updating config for user user.',
      'set SCRAM-SHA-512=[password=secret]': 'Completed updating config for user user.',
      described: [
        "SCRAM credential configs for user-principal 'user'",
        'SCRAM-SHA-256=iterations=8192',
        'SCRAM-SHA-512=iterations=4096',
      ],
      removed: 'Completed updating config for user user.',
      left: "SCRAM credential configs for user-principal 'user' are SCRAM-SHA-512=iterations=4096",
      'removed again': ['ResourceNotFoundException', 'exit code 1'],
      'few iterations': ['Iterations 10 is less than the minimum 4096 required for SCRAM-SHA-256', 'exit code 1'],
    },
    by: {
      java: talking(async (tools, scope) => {
        const own = ['--entity-type', 'users', '--entity-name', scope.name('user')];
        for (const password of ['SCRAM-SHA-256=[iterations=8192,password=secret]', 'SCRAM-SHA-512=[password=secret]']) {
          await tools.say(`set ${password}`, configs, ['--alter', ...own, '--add-config', password]);
        }
        const describe = (step: string, until: (lines: readonly string[]) => boolean) =>
          tools.say(step, configs, ['--describe', ...own], { until });
        const both = await describe('described', ([line]) => line?.includes('512') === true && line.includes('256'));
        tools.note('described', (both[0] ?? '').split(/ are |, /).sort());
        await tools.say('removed', configs, ['--alter', ...own, '--delete-config', 'SCRAM-SHA-256']);
        await describe('left', ([line]) => line?.includes('256') === false);
        await tools.say('removed again', configs, ['--alter', ...own, '--delete-config', 'SCRAM-SHA-256']);
        scope.defer(() => tools.run(configs, ['--alter', ...own, '--delete-config', 'SCRAM-SHA-512']));
        const few = 'SCRAM-SHA-256=[iterations=10,password=secret]';
        await tools.say('few iterations', configs, ['--alter', ...own, '--add-config', few]);
      }),
    },
  },
  {
    name: 'kafka-configs asks for two credentials of a user at once',
    apis: ['AlterUserScramCredentials', 'DescribeUserScramCredentials'],
    shows: new ListedDifference('two credentials of one user in one request', {
      embedded: {
        set: 'Completed updating config for user user.',
        removed: 'Completed updating config for user user.',
      },
      kafka: {
        set: ['DuplicateResourceException', 'exit code 1'],
        removed: ['ResourceNotFoundException', 'exit code 1'],
      },
    }),
    by: {
      java: talking(async (tools, scope) => {
        const own = ['--entity-type', 'users', '--entity-name', scope.name('user')];
        const both = 'SCRAM-SHA-256=[password=secret],SCRAM-SHA-512=[password=secret]';
        await tools.say('set', configs, ['--alter', ...own, '--add-config', both]);
        await tools.say('removed', configs, ['--alter', ...own, '--delete-config', 'SCRAM-SHA-256,SCRAM-SHA-512']);
      }),
    },
  },
  {
    name: 'kafka-configs sets quotas of users, clients and addresses',
    apis: ['AlterClientQuotas', 'DescribeClientQuotas'],
    shows: {
      'client: set': 'Completed updating config for client client.',
      'client: described':
        "Quota configs for client-id 'client' are consumer_byte_rate=2048.0, producer_byte_rate=1024.0",
      'client: removed': 'Completed updating config for client client.',
      'client of a user: set': 'Completed updating config for user user.',
      'client of a user: described':
        "Quota configs for user-principal 'user', client-id 'client' are request_percentage=50.0",
      'client of a user: removed': 'Completed updating config for user user.',
      'clients of a user: set': 'Completed updating config for user user.',
      'clients of a user: described':
        "Quota configs for user-principal 'user', the default client-id are controller_mutation_rate=5.0",
      'clients of a user: removed': 'Completed updating config for user user.',
      'address: set': 'Completed updating config for ip 127.9.9.9.',
      'address: described': "Quota configs for ip '127.9.9.9' are connection_creation_rate=100.0",
      'address: removed': 'Completed updating config for ip 127.9.9.9.',
      'an unknown quota': [
        "Only quota configs can be added for 'clients' using --bootstrap-server. Unexpected config " +
          'names: Set(bytes)',
        'exit code 1',
      ],
      'no number': ['Cannot parse quota configuration value for producer_byte_rate: much', 'exit code 1'],
    },
    by: {
      java: talking(async (tools, scope) => {
        const user = ['--entity-type', 'users', '--entity-name', scope.name('user')];
        const client = ['--entity-type', 'clients', '--entity-name', scope.name('client')];
        const address = ['--entity-type', 'ips', '--entity-name', '127.9.9.9'];
        const cases = {
          client: [client, 'producer_byte_rate=1024,consumer_byte_rate=2048'],
          'client of a user': [[...user, ...client], 'request_percentage=50'],
          'clients of a user': [
            [...user, '--entity-type', 'clients', '--entity-default'],
            'controller_mutation_rate=5',
          ],
          address: [address, 'connection_creation_rate=100'],
        } as const;
        for (const [who, [entity, quotas]] of Object.entries(cases)) {
          const names = quotas.replaceAll(/=[^,]+/g, '');
          const remove = ['--alter', ...entity, '--delete-config', names];
          scope.defer(() => tools.run(configs, remove));
          await tools.say(`${who}: set`, configs, ['--alter', ...entity, '--add-config', quotas]);
          await tools.say(`${who}: described`, configs, ['--describe', ...entity], {
            until: ({ length }) => length > 0,
          });
          await tools.say(`${who}: removed`, configs, remove);
        }
        await tools.say('an unknown quota', configs, ['--alter', ...client, '--add-config', 'bytes=1']);
        await tools.say('no number', configs, ['--alter', ...client, '--add-config', 'producer_byte_rate=much']);
      }),
    },
  },
];
