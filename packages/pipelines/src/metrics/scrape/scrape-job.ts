/** What is scraped, as `scrape_configs` of Prometheus's own configuration say it; that part of it which is taken. */
import { type Static, Type } from 'typebox';

const duration = Type.String({ description: 'Such as 15s' });
const secret = { description: 'Path of a file that holds it, from the file of metrics' };

export const ScrapeJob = Type.Object(
  {
    job_name: Type.String({ minLength: 1 }),
    scrape_interval: Type.Optional(duration),
    scrape_timeout: Type.Optional(duration),
    metrics_path: Type.Optional(Type.String({ pattern: '^/' })),
    scheme: Type.Optional(Type.Union([Type.Literal('http'), Type.Literal('https')])),
    honor_labels: Type.Optional(Type.Boolean()),
    sample_limit: Type.Optional(Type.Integer({ minimum: 0 })),
    params: Type.Optional(Type.Record(Type.String(), Type.Array(Type.String()))),
    basic_auth: Type.Optional(
      Type.Object({ username: Type.String(), password_file: Type.String(secret) }, { additionalProperties: false }),
    ),
    authorization: Type.Optional(
      Type.Object(
        { type: Type.Optional(Type.String()), credentials_file: Type.String(secret) },
        { additionalProperties: false },
      ),
    ),
    static_configs: Type.Array(
      Type.Object(
        {
          targets: Type.Array(Type.String({ pattern: '^[^/\\s]+$', description: 'HOST:PORT' })),
          labels: Type.Optional(Type.Record(Type.String(), Type.String())),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
export type ScrapeJob = Static<typeof ScrapeJob>;

/** One address that is asked again and again. */
export interface ScrapeTarget {
  readonly url: string;
  /** `job`, `instance` and those of the target. */
  readonly labels: Readonly<Record<string, string>>;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Whether labels of samples stay when the target has the same; else they become `exported_NAME`. */
  readonly honorLabels: boolean;
  /** Samples of one answer at most; 0: as many as there are. */
  readonly samplesMax: number;
  /** Read at each scrape, so that a secret can be exchanged. */
  readonly authorization?: (() => Promise<string>) | undefined;
}
