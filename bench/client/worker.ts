/** Runs one measurement of one client and prints its outcome: `worker.ts SUBJECT produce|consume WORK-AS-JSON`. */
import type { Subject, Work } from './subject.ts';

const [name, action, text] = process.argv.slice(2);
const { subject } = (await import(`./subjects/${name}.ts`)) as { subject: Subject };
const work = JSON.parse(text ?? '{}') as Work;
let began = performance.now();
let cpu = process.cpuUsage();
const started = (): void => {
  began = performance.now();
  cpu = process.cpuUsage();
};
await (action === 'produce' ? subject.produce(work, started) : subject.consume(work, started));
const seconds = (performance.now() - began) / 1000;
const used = process.cpuUsage(cpu);
const { maxRSS } = process.resourceUsage();
process.stdout.write(
  `${JSON.stringify({ seconds, cpuSeconds: (used.user + used.system) / 1e6, residentBytes: maxRSS * 1024 })}\n`,
);
// Some clients leave timers behind that would keep the process for seconds.
process.exit(0);
