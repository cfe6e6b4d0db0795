/** What a sidecar counts of what passes, by totals that only grow; and the same as Prometheus reads it. */
import { Latencies } from '../measures/latencies.ts';
import { type Sample, textFamily } from '../measures/metrics-text.ts';

export interface SidecarGauges {
  readonly isConnected: boolean;
  readonly untrusted: number;
  readonly older: number;
  readonly connections: number;
  readonly cluster: string;
}

interface Passed {
  count: number;
  requestBytes: number;
  /** Of Fetch: of the records in them. */
  answerBytes: number;
  readonly latencies: Latencies;
}

export class SidecarMeasures {
  bytesFromPrograms = 0;
  bytesToPrograms = 0;
  accepted = 0;
  /** Connections of programs that were refused. */
  readonly refused = { login: 0, protocol: 0, limit: 0 };
  /** Connections that ended since a broker could not be reached, or went away. */
  brokerFailures = 0;
  switches = 0;
  moves = 0;
  readonly #requests = new Map<string, Passed>();

  answered(api: string, ms: number, requestBytes: number, answerBytes: number): void {
    const passed = this.of(api);
    passed.count++;
    passed.requestBytes += requestBytes;
    passed.answerBytes += answerBytes;
    passed.latencies.add(ms);
  }

  /** Of one API, by name. */
  of(api: string): Passed {
    let passed = this.#requests.get(api);
    if (passed === undefined) {
      passed = { count: 0, requestBytes: 0, answerBytes: 0, latencies: new Latencies() };
      this.#requests.set(api, passed);
    }
    return passed;
  }

  /** For Prometheus, in its text format. */
  text({ isConnected, untrusted, older, connections, cluster }: SidecarGauges): string {
    const byApi = (figure: (passed: Passed) => number): Sample[] =>
      [...this.#requests].map(([api, passed]) => [{ api }, figure(passed)]);
    const refused = Object.entries(this.refused).map(([reason, count]): Sample => [{ reason }, count]);
    const one = (value: number): Sample[] => [[{}, value]];
    const lines = [
      textFamily('config_connected', 'gauge', 'Whether a config service tells of changes.', one(+isConnected)),
      textFamily('config_untrusted_total', 'counter', 'Answers and copies that were refused.', one(untrusted)),
      textFamily('config_older_total', 'counter', 'Answers that were older than ones seen.', one(older)),
      textFamily('connections', 'gauge', 'Connections of programs.', [[{ cluster }, connections]]),
      textFamily('connections_accepted_total', 'counter', 'Connections that programs opened.', one(this.accepted)),
      textFamily('connections_refused_total', 'counter', 'Those that were ended for what they did.', refused),
      textFamily('broker_failures_total', 'counter', 'Those that a broker ended.', one(this.brokerFailures)),
      textFamily(
        'requests_total',
        'counter',
        'Requests that brokers answered.',
        byApi(({ count }) => count),
      ),
      textFamily(
        'request_seconds_sum',
        'counter',
        'How long brokers took for them.',
        byApi(({ latencies }) => latencies.sumMs / 1000),
      ),
      textFamily('received_bytes_total', 'counter', 'Bytes that programs sent.', one(this.bytesFromPrograms)),
      textFamily('sent_bytes_total', 'counter', 'Bytes that programs were sent.', one(this.bytesToPrograms)),
      textFamily('switches_total', 'counter', 'Changes of settings or credential.', one(this.switches)),
      textFamily('moves_total', 'counter', 'Changes of the cluster.', one(this.moves)),
    ];
    return `${lines.flat().join('\n')}\n`;
  }
}
