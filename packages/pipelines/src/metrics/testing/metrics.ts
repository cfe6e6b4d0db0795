/** For tests and benchmarks: the parts that points go through, one by one. */
export { MetricsCollector } from '../collect/collector.ts';
export { remoteSamples } from '../collect/remote-samples.ts';
export { type TextPoint, textPoints } from '../collect/text-points.ts';
export { Chunk, encodeChunk } from '../series/chunk.ts';
export { SeriesStore } from '../series/series-store.ts';
export { SampleWriter } from '../series/write-sample.ts';
