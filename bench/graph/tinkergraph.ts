/**
 * TinkerGraph behind Apache TinkerPop's Gremlin Server under the same work, through TinkerPop's own client. It is in
 * memory; its time includes a round trip over loopback.
 */
import { type GremlinServer, KafkaEngineError, kafkaSource, startGremlinServer } from '@millrace/engines';
import gremlin from 'gremlin';
import { beginnings, type GraphFigures, type GraphWork, powerLawEdges } from './work.ts';

const PART = 40;

/** Undefined where the machine lacks Java or Maven. */
export async function measureTinkerGraph(
  work: GraphWork,
  say: (line: string) => void,
): Promise<GraphFigures | undefined> {
  let server: GremlinServer;
  try {
    server = await startGremlinServer({ source: kafkaSource(process.env), heapMebibytes: 4_096, report: say });
  } catch (error) {
    if (!(error instanceof KafkaEngineError) || !error.isAbsence) throw error;
    say(`no Gremlin Server: ${error.message}`);
    return undefined;
  }
  const client = new gremlin.driver.Client(server.url, { traversalSource: 'g' });
  const ask = async (script: string): Promise<unknown[]> =>
    (await client.submit(script, {}, { language: 'gremlin-lang' })).toArray();
  try {
    const began = performance.now();
    await load(work, ask);
    const loadPerSecond = (work.edges / (performance.now() - began)) * 1_000;
    const starts = beginnings(work.queries, work.vertices);
    const hops = (count: number): string => `.out('pays').dedup()`.repeat(count);
    const timed = async (ids: readonly string[], count: number): Promise<number[]> => {
      const times: number[] = [];
      for (const id of ids) {
        const asked = performance.now();
        await ask(`g.V('${id}')${hops(count)}.count()`);
        times.push(performance.now() - asked);
      }
      return times.sort((left, right) => left - right);
    };
    await timed(starts.slice(0, 50), 2);
    const twoHops = await timed(starts, 2);
    const threeHops = await timed(starts.slice(0, Math.ceil(work.queries / 5)), 3);
    const superNodes = await timed(
      Array.from({ length: 20 }, (_, at) => `v${at}`),
      2,
    );
    const residentBytes = 0;
    return { loadPerSecond, degreeMax: 0, twoHops, threeHops, superNodes, upsertsPerSecond: undefined, residentBytes };
  } finally {
    await client.close();
    await server[Symbol.asyncDispose]();
  }
}

/** Vertices first, then edges, each once as ours. */
async function load({ edges, vertices }: GraphWork, ask: (script: string) => Promise<unknown[]>): Promise<void> {
  for (let first = 0; first < vertices; first += PART) {
    const some = Array.from({ length: Math.min(PART, vertices - first) }, (_, at) => `v${first + at}`);
    await ask(`g${some.map((id) => `.addV('vertex').property(T.id,'${id}')`).join('')}.count()`);
  }
  const seen = new Set<string>();
  let part: string[] = [];
  for (const [from, to] of powerLawEdges(edges, vertices)) {
    const id = `${from} ${to}`;
    if (seen.has(id)) continue;
    seen.add(id);
    part.push(`.addE('pays').from(__.V('v${from}')).to(__.V('v${to}'))`);
    if (part.length < PART) continue;
    await ask(`g${part.join('')}.count()`);
    part = [];
  }
  if (part.length > 0) await ask(`g${part.join('')}.count()`);
}
