/** For tests and benchmarks: series in memory, and the readers of what people write. */
export { MemorySeries } from '../memory-series.ts';
export { loadSeries } from '../notation/load-series.ts';
export { checkTemplate, expandTemplate } from '../rules/template.ts';
export { parseScript } from './script.ts';
