/** Where Apache Kafka comes from, read from an environment that programs and tests hand in. */
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface KafkaSource {
  /** Where fetched and made files are kept, outside of any project. */
  readonly cacheDirectory: string;
  /** An installed Kafka, whose `libs` are used instead of fetched ones. */
  readonly home?: string | undefined;
  /** Where the Java is that runs it; default: the first on the path. */
  readonly javaHome?: string | undefined;
  /** A cluster that runs already: its bootstrap servers, without TLS and login. */
  readonly bootstrap?: string | undefined;
}

/**
 * What the variables say: `KAFKA_HOME`, `MILLRACE_TEST_BOOTSTRAP`, `JAVA_HOME`, and the cache at `MILLRACE_CACHE`, else
 * in `millrace` below `XDG_CACHE_HOME`, else below `~/.cache`. Empty ones count as absent.
 */
export function kafkaSource(environment: Readonly<Record<string, string | undefined>>): KafkaSource {
  const read = (name: string): string | undefined => environment[name] || undefined;
  return {
    cacheDirectory: read('MILLRACE_CACHE') ?? join(read('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'millrace'),
    home: read('KAFKA_HOME'),
    javaHome: read('JAVA_HOME'),
    bootstrap: read('MILLRACE_TEST_BOOTSTRAP'),
  };
}
