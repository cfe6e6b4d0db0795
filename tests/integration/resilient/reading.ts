/** Reading on and on, and writing what is read. */
import type { Client, Consumer } from '@millrace/client';

/** Reads on, keeping all values; `end` ends the loop. */
export function startReading(reader: Consumer<string>): { readonly values: string[]; end(): Promise<void> } {
  const values: string[] = [];
  const end = new AbortController();
  const run = async (): Promise<void> => {
    try {
      for await (const batch of reader.batches({ signal: end.signal })) {
        for (const { value } of batch) values.push(Buffer.from(value ?? []).toString());
      }
    } catch (error) {
      if (!end.signal.aborted) throw error;
    }
  };
  const running = run();
  return {
    values,
    async end() {
      end.abort();
      await running;
    },
  };
}

/** Records without keys. */
export async function write(client: Client, topic: string, values: readonly string[]): Promise<void> {
  await using writer = client.producer();
  await Promise.all(values.map((value) => writer.send({ topic, value })));
}
