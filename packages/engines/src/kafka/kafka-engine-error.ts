import { MillraceError } from '@millrace/base';

/** Why Apache Kafka can't be had or used here. */
export type KafkaEngineProblem =
  | 'java_missing'
  | 'java_compiler_missing'
  | 'maven_missing'
  | 'kafka_home_unusable'
  | 'kafka_download_failed'
  | 'kafka_start_failed'
  | 'kafka_port_taken'
  | 'kafka_unreachable'
  | 'kafka_tool_failed'
  | 'kafka_not_ours';

/** What this machine lacks for Apache Kafka; a test that needs it is skipped with the message. */
const ABSENT: ReadonlySet<KafkaEngineProblem> = new Set(['java_missing', 'java_compiler_missing', 'maven_missing']);

/** Apache Kafka could not be found, fetched, started or asked. */
export class KafkaEngineError extends MillraceError {
  readonly code: KafkaEngineProblem;

  constructor(code: KafkaEngineProblem, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options);
    this.code = code;
  }

  /** Whether the machine lacks a program (Java, a compiler, Maven) that whoever runs it can install. */
  get isAbsence(): boolean {
    return ABSENT.has(this.code);
  }
}
