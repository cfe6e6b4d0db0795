/**
 * Texts that the broker reads and then works with: configuration of operators, rules for the names in certificates,
 * patterns of topics and clients. Parts of an input are separated by NUL.
 */
import {
  ClusterConfiguration,
  checkSubscription,
  plainUsersOf,
  planListeners,
  principalMapping,
  TopicPattern,
} from '@millrace/broker/testing/decoders';
import { attempt, type FuzzTarget } from '../fuzz-target.ts';

/** As long as the name of a topic may be. */
const topicNameCharactersMax = 249;
/** More of a certificate's subject shows nothing new. */
const subjectCharactersMax = 2000;
const manyAs = 'a'.repeat(topicNameCharactersMax);

/** An input is rules, then the subject of a certificate. */
export const principalRules: FuzzTarget = {
  name: 'principal-rules',
  inputs: 30_000,
  seeds: () =>
    texts(
      ['DEFAULT', 'CN=kafka1,OU=ServiceUsers,O=Data,C=DE'],
      ['RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/', 'CN=kafka1,OU=ServiceUsers,O=Data,C=DE'],
      ['RULE:^CN=(.*?), *OU=(.*?),.*$/$1@$2/L,DEFAULT', 'CN=kafka1,OU=ServiceUsers,O=Data,C=DE'],
      ['RULE:^.*[Cc][Nn]=([a-zA-Z0-9.]*).*$/$1/U', 'O=x,cn=alice'],
      ['RULE:CN=(.*)/a\\/$1/,DEFAULT', 'CN=bob'],
      ['RULE:^(([a-z])+.)+[A-Z]([a-z])+$/$3/', manyAs],
      ['RULE:(x+x+)+y/\\$0/', 'x'.repeat(40)],
    ),
  run(input) {
    const [rules = '', subject = ''] = parts(input);
    const name = attempt(() => principalMapping(rules)(subject.slice(0, subjectCharactersMax)) === subject);
    return `${rules.replace(/[a-z\d]+/gi, 'x').slice(0, 12)} ${withoutQuotes(name)}`;
  },
};

/** An input is a pattern, then the name of a topic; the pattern also chooses clients. */
export const patterns: FuzzTarget = {
  name: 'patterns',
  inputs: 20_000,
  seeds: () =>
    texts(
      ['orders-.*', 'orders-1'],
      ['(a|b)*c{2,5}[^x-z]+\\d\\pL(?i:q)', 'aabccczz1'],
      ['((a{1,10}){1,10}){1,5}', manyAs],
      ['(a+)+$', `${manyAs.slice(1)}b`],
      ['(?P<name>a?){60}a{60}', manyAs],
      ['^(?:a|aa|aaa)*\\b.\\z', manyAs],
      ['[\\p{Greek}[:alpha:]\\x{10FFFF}]+?', 'αβγ'],
    ),
  run(input) {
    const [pattern = '', topic = ''] = parts(input);
    const read = attempt(() => {
      return new TopicPattern(pattern).matches(topic.slice(0, topicNameCharactersMax));
    });
    const chosen = attempt(() => checkSubscription(new Map([['match', `client_id=${pattern}`]])));
    return `${withoutQuotes(read)} ${withoutQuotes(chosen)}`;
  },
};

/** An input is lines of names and values. */
export const configuration: FuzzTarget = {
  name: 'configuration',
  inputs: 15_000,
  seeds: () =>
    [
      ['listeners=INSIDE://127.0.0.1:9092,OUT://[::1]:0', 'listener.security.protocol.map=INSIDE:PLAINTEXT,OUT:SSL'],
      ['listeners=SASL_SSL://0.0.0.0:9092', 'advertised.listeners=SASL_SSL://kafka.example:9000'],
      ['super.users=User:alice;User:CN=bob,O=x', 'authorizer.class.name=x.StandardAuthorizer', 'log.retention.ms=-1'],
      ['sasl.jaas.config=org.example.PlainLoginModule required username="a" user_alice="s\\"x" user_bob=\'y\';'],
      ['listener.name.inside.plain.sasl.jaas.config=x required user_a="b";', 'sasl.enabled.mechanisms=PLAIN'],
      ['num.partitions=3', 'log.segment.bytes=1048576', 'ssl.principal.mapping.rules=DEFAULT', 'compression.type=zstd'],
      ['log.cleaner.io.max.bytes.per.second=1.5', 'log.cleanup.policy=compact,delete', 'log.flush.interval.ms=10'],
      ['follower.replication.throttled.replicas=0:1,1:2', 'min.insync.replicas=2', 'log.dirs=/a,/b'],
    ].map((lines) => Buffer.from(lines.join('\n'))),
  run(input) {
    const lines = Buffer.from(input).toString('utf8').split('\n');
    const settings = Object.fromEntries(lines.map((line) => [before(line, '='), after(line, '=')]));
    return [
      attempt(() => plainUsersOf(lines.join('\n')).size),
      attempt(() => {
        const read = new ClusterConfiguration(settings);
        for (const { definition } of read.entries()) void read.text(definition.name);
        return JSON.stringify(planListeners(read, '127.0.0.1', [{ port: 0 }, { port: 9 }])).length;
      }),
    ]
      .map(withoutQuotes)
      .join(' ');
  },
};

/** The words of a message that are not the input's. */
function withoutQuotes(message: string): string {
  return (message.match(/^[a-z ]+|(?<= )[a-z]+(?= |$)/gi) ?? []).join(' ').slice(0, 60);
}

function texts(...inputs: readonly (readonly string[])[]): Buffer[] {
  return inputs.map((input) => Buffer.from(input.join('\0')));
}

function parts(input: Uint8Array): string[] {
  return Buffer.from(input).toString('utf8').split('\0');
}

function before(text: string, mark: string): string {
  return text.split(mark)[0] ?? '';
}

function after(text: string, mark: string): string {
  return text.split(mark).slice(1).join(mark);
}
